/* SPDX-License-Identifier: Apache-2.0 */
/* How long to wait before something is called too slow: a machine that emulates another, or that
 * has much else to do, takes many times as long for all of it. */
#ifndef FSH_TESTS_SUPPORT_PATIENCE_H
#define FSH_TESTS_SUPPORT_PATIENCE_H

/*
 * What to multiply an upper limit of time by on this machine: 1 where a process is made and ended
 * in less than a millisecond, n where that takes n - 1, at most 30. Measured by the first call. A
 * limit that tells apart waiting from not waiting is not for it.
 */
unsigned int patience(void);

#endif
