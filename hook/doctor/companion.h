/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs that doctor starts, where an installation puts them: fuse-sidecar-inspect lies
 * beside the tool, the hook beside it too (a build, a bundle), in LIBEXECDIR/oci/hooks.d (the tool
 * itself is in LIBEXECDIR/fuse-sidecar, with a link on the PATH) or in sbin (OpenShift: the tool is
 * in /usr/local/bin).
 */
#ifndef FSH_HOOK_DOCTOR_COMPANION_H
#define FSH_HOOK_DOCTOR_COMPANION_H

/* The path of that program, there or not; the caller's. 0 or a negative errno. */
int companion_beside(const char *name, char **ret);

/* The path of the hook that was installed with this program, the caller's. -ENOENT: none was. */
int companion_hook(char **ret);

#endif
