// SPDX-License-Identifier: GPL-3.0-or-later
// Writing what a form has, and saying what was wrong with it.
import { useState } from 'preact/hooks'
import { Problem, words_of } from '../core/api'
import { ErrorSummary, Notice } from './parts'

/** Write, then go on; what the appliance refuses stays on the page. */
export function useWrite(then: () => Promise<unknown>, onward: () => void) {
	const [busy, set_busy] = useState(false)
	const [error, set_error] = useState<unknown>(null)
	const save = async () => {
		set_busy(true)
		set_error(null)
		try {
			await then()
			onward()
		} catch (problem) {
			set_error(problem)
		}
		set_busy(false)
	}
	return { busy, error, save, forget: () => set_error(null) }
}

export function Failure({ title, error }: { title: string; error: unknown }) {
	if (!error)
		return null
	if (error instanceof Problem && error.errors.length)
		return <ErrorSummary title={title} errors={error.errors} />
	return <Notice alert tone="bad" icon="alert" title={title}><p>{words_of(error)}</p></Notice>
}
