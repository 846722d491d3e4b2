/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** out.c - JSON for machines. Addresses and entries are strings in hexadecimal, counts and sizes are numbers. */
#include "tool.h"

#include <stdio.h>
#include <string.h>

/* Whether the innermost open bracket still waits for its first member. */
static bool json_first = true;
static unsigned json_depth;

/* Length of the well-formed UTF-8 character at s; 0: none there. */
static size_t utf8_length(const unsigned char *s) {
  size_t len = s[0] < 0x80 ? 1 : (s[0] >> 5) == 6 ? 2 : (s[0] >> 4) == 14 ? 3 : (s[0] >> 3) == 30 ? 4 : 0;
  for (size_t i = 1; i < len; i++) {
    if ((s[i] & 0xc0) != 0x80) {
      return 0;
    }
  }
  bool longer = (len == 2 && s[0] < 0xc2) || (len == 3 && s[0] == 0xe0 && s[1] < 0xa0) ||
                (len == 4 && s[0] == 0xf0 && s[1] < 0x90);
  bool outside =
      (len == 3 && s[0] == 0xed && s[1] >= 0xa0) || (len == 4 && (s[0] > 0xf4 || (s[0] == 0xf4 && s[1] >= 0x90)));
  return longer || outside ? 0 : len;
}

static void json_text(const char *text) {
  const unsigned char *s = (const unsigned char *)text;
  (void)putchar('"');
  while (*s != '\0') {
    size_t len = utf8_length(s);
    if (len == 0) {
      (void)fputs("\\ufffd", stdout);
      len = 1;
    } else if (*s == '"' || *s == '\\') {
      (void)printf("\\%c", *s);
    } else if (*s < 0x20 || *s == 0x7f) {
      (void)printf("\\u%04x", *s);
    } else {
      (void)fwrite(s, 1, len, stdout);
    }
    s += len;
  }
  (void)putchar('"');
}

static void json_key(const char *key) {
  (void)printf("%s%s%*s", json_first ? "" : ",", json_depth == 0 ? "" : "\n", (int)json_depth * 2, "");
  json_first = false;
  if (key != NULL) {
    json_text(key);
    (void)fputs(": ", stdout);
  }
}

void json_open(const char *key, char bracket) {
  json_key(key);
  (void)putchar(bracket);
  json_first = true;
  json_depth++;
}

void json_close(char bracket) {
  json_depth--;
  if (!json_first) {
    (void)printf("\n%*s", (int)json_depth * 2, "");
  }
  (void)putchar(bracket);
  json_first = false;
}

void json_string(const char *key, const char *value) {
  json_key(key);
  json_text(value);
}

void json_number(const char *key, uint64_t value) {
  json_key(key);
  (void)printf("%llu", (unsigned long long)value);
}

void json_hex(const char *key, uint64_t value) {
  json_key(key);
  (void)printf("\"0x%llx\"", (unsigned long long)value);
}

void json_bool(const char *key, bool value) {
  json_key(key);
  (void)fputs(value ? "true" : "false", stdout);
}

void json_begin(const char *command) {
  json_first = true;
  json_depth = 0;
  json_open(NULL, '{');
  json_string("tool", "stage2");
  json_string("command", command);
}

void json_end(void) {
  json_close('}');
  (void)putchar('\n');
}

void json_format(const struct built *b) {
  json_string("format", b->f->name);
  json_string("mode", b->f->mode(b->cfg.hw.gpa_bits));
  json_number("gpa_bits", b->cfg.hw.gpa_bits);
  json_number("hpa_bits", b->cfg.hw.hpa_bits);
}
