// SPDX-License-Identifier: GPL-3.0-or-later
// Keys that are a letter or a sign alone. Who speaks to the machine or presses keys by mistake switches them off (WCAG 2.1.4).
import { preferences } from './preferences'

export const has_single_keys = () => preferences.value?.['single-keys'] !== false

/** Is this press such a key, meant for the page? */
export const is_single_key = (event: KeyboardEvent) => event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey

/** Such a key that no field, dialog or menu takes, and that is switched on. */
export const is_page_key = (event: KeyboardEvent) =>
	is_single_key(event) && has_single_keys() && !(event.target as HTMLElement).closest('input, select, textarea, dialog, [popover]')
