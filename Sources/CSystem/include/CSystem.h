// What the Swift core needs from C: the kernel table, memory, numbers, threads and files.
#pragma once
#include "bfloat16.h"
#include "floating_point.h"
#include "kernels.h"
#include "lanes.h"
#include "numbers.h"
#include "files.h"
#include "memory.h"
#include "platform.h"
#include "threads.h"
