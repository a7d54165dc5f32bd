/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A root directory of the test's own, for tests that try to make a privileged program act where it
 * should not: whatever it does, it does not reach the machine's files. Inside it ns_sandbox.h and
 * fake_pod.h work as ever.
 */
#ifndef FSH_TESTS_RACE_ARENA_H
#define FSH_TESTS_RACE_ARENA_H

/*
 * Enter a new mount namespace whose root is a tmpfs with /etc and the like, empty. Of the machine
 * there are only: what programs need (/usr, /lib*, /bin, /sbin, the working and the build
 * directory), read-only, and /proc, /dev and /sys. 0 or a negative errno.
 */
int arena_enter(void);

#endif
