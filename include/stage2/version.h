/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** version.h - the version of this library; see CHANGELOG.md for what source-compatible means. */
#ifndef STAGE2_VERSION_H
#define STAGE2_VERSION_H
#define S2_VERSION_MAJOR 0
#define S2_VERSION_MINOR 1
#define S2_VERSION_PATCH 0
#define S2_VERSION       "0.1.0"
#endif
