#pragma once
// One header per kernel family; each states its contract. See ARCHITECTURE.md.
#include "allocator.h"
#include "bins.h"
#include "chroma.h"
#include "cpu.h"
#include "guidance.h"
#include "guided.h"
#include "motion.h"
#include "reach.h"
#include "rows.h"
#include "winograd.h"
