/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** svg.c - bar charts: groups of bars with their values, a legend, a title. */
#include "tool.h"

#include <stdio.h>
#include <string.h>

#define BAR    22u  /* width of a bar, pixels */
#define GAP    26u  /* between groups         */
#define HEIGHT 260u /* of the tallest bar     */
#define TOP    70u
#define LEFT   40u
#define FOOT   60u

static const char *const colours[] = {"#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#9467bd"};

static void text(FILE *f, uint64_t x, uint64_t y, const char *anchor, uint32_t size, const char *what) {
  (void)fprintf(f, "<text x=\"%llu\" y=\"%llu\" font-size=\"%u\" text-anchor=\"%s\">%s</text>\n", (unsigned long long)x,
                (unsigned long long)y, size, anchor, what);
}

/* 1234 hundredths: 12.3; whole numbers from 100 on */
static void value_text(uint64_t hundredths, char out[24]) {
  if (hundredths >= 10000 || hundredths % 100 == 0) {
    (void)snprintf(out, 24, "%llu", (unsigned long long)((hundredths + 50) / 100));
  } else {
    (void)snprintf(out, 24, "%llu.%llu", (unsigned long long)(hundredths / 100),
                   (unsigned long long)(hundredths % 100 / 10));
  }
}

static void group(FILE *f, const struct bars *b, size_t g, uint64_t x, uint64_t most) {
  char value[24];
  for (size_t k = 0; k < b->nbar; k++) {
    uint64_t v = b->value[g * b->nbar + k];
    uint64_t high = v * HEIGHT / most;
    uint64_t at = x + k * BAR;
    value_text(v, value);
    (void)fprintf(
        f, "<rect x=\"%llu\" y=\"%llu\" width=\"%u\" height=\"%llu\" fill=\"%s\"><title>%s, %s: %s %s</title></rect>\n",
        (unsigned long long)at, (unsigned long long)(TOP + HEIGHT - high), BAR - 2,
        (unsigned long long)(high == 0 && v > 0 ? 1 : high), colours[k % 6], b->group[g], b->bar[k], value, b->unit);
    text(f, at + BAR / 2 - 1, TOP + HEIGHT - high - 4, "middle", 9, value);
  }
  text(f, x + b->nbar * BAR / 2, TOP + HEIGHT + 18, "middle", 11, b->group[g]);
}

static void chart(FILE *f, const struct bars *b) {
  uint64_t step = b->nbar * BAR + GAP;
  uint64_t wide = LEFT * 2 + b->ngroup * step;
  uint64_t most = 1;
  wide = wide < 520 ? 520 : wide;
  for (size_t k = 0; k < b->ngroup * b->nbar; k++) {
    most = b->value[k] > most ? b->value[k] : most;
  }
  (void)fprintf(f,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%llu\" height=\"%u\" font-family=\"sans-serif\">\n",
                (unsigned long long)wide, TOP + HEIGHT + FOOT);
  (void)fprintf(f, "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n");
  text(f, LEFT, 24, "start", 15, b->title);
  text(f, LEFT, 42, "start", 11, b->unit);
  for (size_t g = 0; g < b->ngroup; g++) {
    group(f, b, g, LEFT + g * step, most);
  }
  for (size_t k = 0; k < b->nbar; k++) {
    uint64_t x = LEFT + k * 96;
    (void)fprintf(f, "<rect x=\"%llu\" y=\"%u\" width=\"10\" height=\"10\" fill=\"%s\"/>\n", (unsigned long long)x,
                  TOP + HEIGHT + 36, colours[k % 6]);
    text(f, x + 14, TOP + HEIGHT + 45, "start", 11, b->bar[k]);
  }
  (void)fprintf(f, "</svg>\n");
}

int svg_bars(const char *dir, const char *name, const struct bars *b) {
  char *path = keep_text("%s/%s.svg", dir, name);
  FILE *f = fopen(path, "w");
  if (f == NULL) {
    return fail("%s: cannot be written (is %s a directory?)", path, dir);
  }
  chart(f, b);
  bool bad = ferror(f) != 0;
  bad = fclose(f) != 0 || bad;
  return bad ? fail("%s: writing failed", path) : EXIT_OK;
}
