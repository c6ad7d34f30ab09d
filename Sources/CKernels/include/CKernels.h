#pragma once
// One header per kernel family; each states its contract. See ARCHITECTURE.md.
#include "cpu.h"
#include "merge.h"
#include "motion.h"
