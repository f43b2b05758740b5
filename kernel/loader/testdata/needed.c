/* SPDX-License-Identifier: Apache-2.0 */
__attribute__((visibility("default"))) int sluice_needed(void);
int sluice_needed(void) { return 1; }
