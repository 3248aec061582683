/* Order statistics of measured numbers. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Sorts @v; the value at quantile @q (0..1), 0 if there is none. */
double quantile(double *v, size_t n, double q);
