// What the Swift core needs from C: the kernel table, memory, numbers and files.
#pragma once
#include "kernels.h"
#include "lanes.h"
#include "numbers.h"
#include "files.h"
#include "memory.h"
#include "threads.h"
