/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks that CRI-O has loaded, and how ours is among them. */
#ifndef FSH_HOOK_DOCTOR_DOCTOR_REGISTRATION_H
#define FSH_HOOK_DOCTOR_DOCTOR_REGISTRATION_H

#include "hook/doctor/doctor.h"
#include "policy/config/hooksd.h"

struct registration {
	char *directory, *name;
	struct hooksd hook;
	bool ours;
};

struct registrations {
	struct registration *items;
	size_t n;
};

/* The one of that file name, the first of ours; NULL without. Borrowed. */
struct registration *registrations_find(const struct registrations *all, const char *name);
const struct registration *registrations_ours(const struct registrations *all);

/* Judge ours: stages, patterns, timeout, program. */
void doctor_registration(struct doctor *doctor, const struct registrations *all);

void registration_clear(struct registration *registration);
void registrations_clear(struct registrations *all);

#define cleanup_registrations __attribute__((cleanup(registrations_clear)))

#endif
