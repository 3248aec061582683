/* The modes of tidegate-bench. Each takes its own arguments and returns the exit code. */
#pragma once

int bench_run(int argc, char **argv);
int bench_cycles(int argc, char **argv);
int bench_insns(int argc, char **argv);
int bench_wire(int argc, char **argv);
int bench_macswap(int argc, char **argv);
int bench_stall(int argc, char **argv);
