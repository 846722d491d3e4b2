/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * map_text.c - memory maps as text, one region per line:
 *
 *   ram|device|rom|alloc|pci NAME GPA SIZE [HPA] [RIGHTS[,TYPE]]
 *   format ept|npt|a64|gst
 *
 * # starts a comment.
 */
#include "tool.h"

#include <string.h>

#define FIELDS      6
#define NAME_LENGTH 63

struct line {
  const char *where;
  char *field[FIELDS + 1];
  size_t n; /* at most FIELDS + 1: one too many is seen */
};

static bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void split(char *text, struct line *l) {
  char *hash = strchr(text, '#');
  if (hash != NULL) {
    *hash = '\0';
  }
  l->n = 0;
  while (l->n <= FIELDS) {
    while (blank(*text)) {
      text++;
    }
    if (*text == '\0') {
      return;
    }
    l->field[l->n++] = text;
    while (*text != '\0' && !blank(*text)) {
      text++;
    }
    if (*text != '\0') {
      *text++ = '\0';
    }
  }
}

static bool kind_of(const char *word, enum region_kind *kind) {
  static const enum region_kind all[] = {REGION_RAM, REGION_DEVICE, REGION_ROM, REGION_ALLOC, REGION_PCI};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    if (strcmp(word, kind_name(all[i])) == 0) {
      *kind = all[i];
      return true;
    }
  }
  return false;
}

static int check_name(const struct line *l, const char *name) {
  for (const char *at = name; *at != '\0'; at++) {
    if (*at < '!' || *at > '~') {
      return fail_at(l->where, "the name has a character that is not printable ASCII");
    }
  }
  return strlen(name) > NAME_LENGTH ? fail_at(l->where, "the name is longer than %d characters", NAME_LENGTH) : EXIT_OK;
}

static int number(const struct line *l, size_t field, const char *what, uint64_t *value) {
  const char *why = parse_number(l->field[field], value);
  return why == NULL ? EXIT_OK : fail_at(l->where, "%s '%s': %s", what, l->field[field], why);
}

/* [HPA] [RIGHTS]: a digit starts an address, nothing else does. */
static int optional(const struct line *l, struct region *r) {
  size_t at = 4;
  if (at < l->n && l->field[at][0] >= '0' && l->field[at][0] <= '9') {
    int rc = number(l, at, "host address", &r->hpa);
    if (rc != EXIT_OK) {
      return rc;
    }
    r->has_hpa = true;
    at++;
  }
  if (at < l->n) {
    const char *why = parse_rights(l->field[at], &r->attr, &r->has_type);
    if (why != NULL) {
      return fail_at(l->where, "'%s': %s", l->field[at], why);
    }
    r->has_attr = true;
    at++;
  }
  return at < l->n ? fail_at(l->where, "'%s' after the end of the region", l->field[at]) : EXIT_OK;
}

static int region_line(const struct line *l, struct map *m) {
  struct region r = {.where = l->where, .detail = ""};
  if (!kind_of(l->field[0], &r.kind)) {
    return fail_at(l->where, "'%s' is not ram, device, rom, alloc, pci or format", l->field[0]);
  }
  if (l->n < 4) {
    return fail_at(l->where, "a region needs: %s NAME GPA SIZE [HPA] [RIGHTS]", l->field[0]);
  }
  int rc = check_name(l, l->field[1]);
  if (rc == EXIT_OK) {
    rc = number(l, 2, "guest address", &r.gpa);
  }
  if (rc == EXIT_OK) {
    rc = number(l, 3, "size", &r.size);
  }
  if (rc == EXIT_OK) {
    rc = optional(l, &r);
  }
  if (rc == EXIT_OK) {
    r.name = keep_text("%s", l->field[1]);
    map_add(&m->named, &r);
  }
  return rc;
}

static int format_line(const struct line *l, struct map *m) {
  if (l->n != 2 || format_named(l->field[1]) == NULL) {
    return fail_at(l->where, "format needs one of ept, npt, a64, gst");
  }
  m->format = format_named(l->field[1])->name;
  return EXIT_OK;
}

int map_text(const char *path, const char *text, size_t size, struct map *m) {
  const char *end = text + size;
  for (unsigned long number = 1; text < end; number++) {
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    size_t len = (size_t)((newline == NULL ? end : newline) - text);
    struct line l = {.where = keep_text("%s:%lu", path, number)};
    if (memchr(text, '\0', len) != NULL) {
      return fail_at(l.where, "a zero byte: this is not a text file");
    }
    char *copy = keep(len + 1, 1);
    (void)memcpy(copy, text, len);
    split(copy, &l);
    int rc = l.n == 0 ? EXIT_OK : strcmp(l.field[0], "format") == 0 ? format_line(&l, m) : region_line(&l, m);
    if (rc != EXIT_OK) {
      return rc;
    }
    text += newline == NULL ? len : len + 1;
  }
  return EXIT_OK;
}
