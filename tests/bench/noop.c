/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does nothing, linked with all that the hook is linked with: what a process of this size costs
 * before its first own instruction. The hook is measured against it.
 */
int main(void)
{
	return 0;
}
