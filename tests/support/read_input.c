/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/read_input.h"

#include "oci/base/cleanup.h"

int state_read(int fd, struct state *ret, struct error *err)
{
	cleanup_free char *data = NULL;
	size_t size;
	int r = state_fetch(fd, &data, &size, err);

	return r < 0 ? r : state_parse(data, size, ret, err);
}

int spec_read(int dir, const char *path, struct spec *ret, struct error *err)
{
	cleanup_free char *data = NULL;
	size_t size = 0;
	int r = spec_fetch(dir, path, &data, &size, err);

	return r < 0 ? r : spec_parse(data, size, ret, err);
}

int spec_read_bundle(const char *bundle, struct spec *ret, struct error *err)
{
	cleanup_free char *data = NULL;
	size_t size = 0;
	int r = spec_fetch_bundle(bundle, &data, &size, err);

	if (r < 0)
		return r;
	r = spec_parse(data, size, ret, err);
	return r < 0 ? error_wrap(err, r, "bundle %s", bundle) : 0;
}
