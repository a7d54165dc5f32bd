/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod's author writes: KEY=VALUE in each part of the input. */
#include "tests/fuzz/fuzz.h"

#include "oci/base/cleanup.h"
#include "oci/base/ident.h"
#include "oci/base/path.h"
#include "oci/spec/annotations.h"
#include <string.h>

static void add_annotation(struct keyvals *annotations, char *text)
{
	char *value = strchr(text, '=');

	if (!value)
		return;
	*value++ = '\0';
	FUZZ_EXPECT(keyvals_add(annotations, text, value) == 0);
}

static void check_mount(const struct request *request, size_t index)
{
	const struct mount_request *mount = &request->mounts[index];

	FUZZ_EXPECT(path_is_normalized(mount->path) && mount->path[1]);
	FUZZ_EXPECT(mount->node == (strcmp(mount->provider, PROVIDER_NODE) == 0));
	FUZZ_EXPECT(mount->node || ident_is_dns_label(mount->provider));
	for (size_t i = 0; i < request->n_mounts; i++)
		FUZZ_EXPECT(i == index || !path_below(mount->path, request->mounts[i].path));
}

static void check_request(const struct request *request)
{
	FUZZ_EXPECT(request->n_mounts <= ANNOTATION_MAX_MOUNTS);
	for (size_t i = 0; i < request->n_mounts; i++)
		check_mount(request, i);
	FUZZ_EXPECT(request->dir_mode <= 01777);
	FUZZ_EXPECT(!request->has_wait || request->wait_usec <= UINT64_C(1) << 62);
	FUZZ_EXPECT(!request->has_owner || request->owner_uid != (uid_t)-1);
	FUZZ_EXPECT(!request->has_owner_gid || request->owner_gid != (gid_t)-1);
	FUZZ_EXPECT(request->has_owner || !request->has_owner_gid);
}

void fuzz_annotations(const char *data, size_t size)
{
	struct fuzz_input input = {data, size};
	cleanup_keyvals struct keyvals annotations = {0};
	cleanup_error struct error err = {0};
	struct request request;
	int r;

	while (input.size > 0) {
		cleanup_free char *text = fuzz_take(&input);

		add_annotation(&annotations, text);
	}
	fuzz_poison(&request, sizeof(request));
	r = annotations_parse(&annotations, &request, &err);
	if (!fuzz_succeeded(r, &err, &request, sizeof(request)))
		return;
	FUZZ_EXPECT(annotations_active(&annotations) == (request.n_mounts > 0));
	check_request(&request);
	request_clear(&request);
}
