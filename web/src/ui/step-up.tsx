// SPDX-License-Identifier: GPL-3.0-or-later
// Some calls want a fresh code of the second factor.  Whoever makes one is asked here, and the call is made again.
import { signal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { on_step_up } from '../core/api'

/** Who waits for the answer: true when the session is fresh now. */
const waiting = signal<((fresh: boolean) => void) | null>(null)

on_step_up(() => new Promise<boolean>(answer => {
	end(false)
	waiting.value = answer
}))

function end(fresh: boolean) {
	const answer = waiting.value
	waiting.value = null
	answer?.(fresh)
}

const ASK = () => import('./step-up-ask')

export function StepUp() {
	const [part, set_part] = useState<typeof import('./step-up-ask') | null>(null)
	const is_asked = waiting.value !== null
	useEffect(() => {
		if (is_asked)
			ASK().then(set_part, () => end(false))
	}, [is_asked])
	return is_asked && part ? <part.Ask onEnd={end} /> : null
}
