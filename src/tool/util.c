/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** util.c - messages, memory that lives as long as the program, files. */
#include "tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(const char *where, const char *format, va_list args) {
  (void)fflush(stdout);
  (void)fprintf(stderr, "%s: ", where);
  (void)vfprintf(stderr, format, args);
  (void)fputc('\n', stderr);
}

int fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say("stage2", format, args);
  va_end(args);
  return EXIT_INPUT;
}

int fail_at(const char *where, const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(where, format, args);
  va_end(args);
  return EXIT_INPUT;
}

int usage(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say("stage2", format, args);
  va_end(args);
  (void)fputs("Try 'stage2 --help'.\n", stderr);
  return EXIT_USAGE;
}

/* Everything kept, newest first: freed together at the end. */
struct kept {
  struct kept *next;
  void *data;
};
static struct kept *kept_list;

void *keep(size_t count, size_t size) {
  struct kept *k = malloc(sizeof *k);
  void *data = calloc(count == 0 ? 1 : count, size);
  if (k == NULL || data == NULL) {
    (void)fail("out of memory");
    exit(EXIT_INPUT);
  }
  k->next = kept_list;
  k->data = data;
  kept_list = k;
  return data;
}

void keep_free(void) {
  while (kept_list != NULL) {
    struct kept *k = kept_list;
    kept_list = k->next;
    free(k->data);
    free(k);
  }
}

char *keep_text(const char *format, ...) {
  va_list args;
  va_start(args, format);
  int len = vsnprintf(NULL, 0, format, args);
  va_end(args);
  size_t room = len < 0 ? 1 : (size_t)len + 1;
  char *text = keep(room, 1);
  va_start(args, format);
  (void)vsnprintf(text, room, format, args);
  va_end(args);
  return text;
}

static const char *const status_texts[] = {
    "done",
    "an address or a size is not a multiple of what it must be a multiple of",
    "the size is zero",
    "address and size together do not fit in 64 bits",
    "an address is wider than the guest (--gpa-bits) or the host (--hpa-bits) allows",
    "outside the range of the space",
    "these rights or this memory type cannot be expressed (see --features and --device-type)",
    "something is mapped there already",
    "nothing is mapped there",
    "the table pool is too small (see --tables)",
    "the area storage is too small",
    "the host has no frames left",
    "the host range overlaps the page tables themselves (see --pool-hpa)",
    "a configuration value that the format does not have",
    "a pointer is missing",
    "the entries are not one uniform run",
    "the mapping forbids this access",
    "the page comes with the first access",
    "the host cannot reach these bytes",
    "the area's backend does not offer this",
};

const char *status_text(s2_status status) {
  size_t index = (size_t)(-(int)status);
  return index < sizeof status_texts / sizeof status_texts[0] ? status_texts[index] : "an unknown status";
}

static uint8_t *read_stream(FILE *f, const char *path, size_t max, size_t *size) {
  size_t room = 1u << 16, used = 0;
  uint8_t *data = malloc(room + 1);
  while (data != NULL) {
    used += fread(data + used, 1, room - used, f);
    if (used < room || used > max) {
      break;
    }
    room *= 2;
    uint8_t *more = realloc(data, room + 1);
    if (more == NULL) {
      free(data);
    }
    data = more;
  }
  if (data == NULL) {
    (void)fail("%s: out of memory", path);
    return NULL;
  }
  if (ferror(f) != 0 || used > max) {
    (void)fail("%s: %s", path, used > max ? "the file is too large" : "cannot be read");
    free(data);
    return NULL;
  }
  data[used] = 0;
  *size = used;
  return data;
}

uint8_t *read_file(const char *path, size_t max, size_t *size) {
  bool standard = strcmp(path, "-") == 0;
  errno = 0;
  FILE *f = standard ? stdin : fopen(path, "rb");
  if (f == NULL) {
    (void)fail("%s: %s", path, strerror(errno));
    return NULL;
  }
  uint8_t *data = read_stream(f, path, max, size);
  if (!standard) {
    (void)fclose(f);
  }
  if (data != NULL) {
    uint8_t *copy = keep(*size + 1, 1);
    (void)memcpy(copy, data, *size + 1);
    free(data);
    data = copy;
  }
  return data;
}
