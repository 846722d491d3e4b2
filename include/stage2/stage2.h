/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** stage2.h - all of the library. */
#ifndef STAGE2_STAGE2_H
#define STAGE2_STAGE2_H
#include "ahead.h"
#include "area.h"
#include "attr.h"
#include "check.h"
#include "device.h"
#include "flush.h"
#include "format.h"
#include "guest.h"
#include "host.h"
#include "latency.h"
#include "pool.h"
#include "share.h"
#include "space.h"
#include "stats.h"
#include "table.h"
#include "track.h"
#include "types.h"
#include "version.h"
#endif
