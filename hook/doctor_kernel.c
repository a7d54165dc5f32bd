/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the younger system calls there are, and what takes the place of the others. */
#include "hook/doctor.h"
#include "hook/kernel_features.h"
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define LIST_SIZE 256

static void append(char list[LIST_SIZE], const char *name)
{
	size_t used = strlen(list);

	snprintf(list + used, LIST_SIZE - used, "%s%s", used > 0 ? ", " : "", name);
}

void doctor_kernel(struct doctor *doctor)
{
	char list[LIST_SIZE] = "";
	struct utsname name;

	if (uname(&name) < 0)
		strcpy(name.release, "?");
	for (enum kernel_feature feature = 0; feature < KERNEL_FEATURES; feature++) {
		if (!kernel_has(feature))
			append(list, kernel_feature_name(feature));
	}
	if (*list)
		checkup_warn(&doctor->checkup, CHECK_KERNEL,
			"a newer kernel, or a security profile that lets these calls through",
			"Linux %s; fallbacks take the place of %s", name.release, list);
	else
		checkup_ok(&doctor->checkup, CHECK_KERNEL,
			"Linux %s has every call that the hook can use", name.release);
}
