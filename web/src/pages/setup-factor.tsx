// SPDX-License-Identifier: GPL-3.0-or-later
// A second factor for the one who claimed the box: offered, and there only when a code of it was right.
import { useState } from 'preact/hooks'
import '../css/access.css'
import { session, workspace_edits } from '../core/store'
import { t } from '../core/words'
import { Button, Notice } from '../ui/parts'
import { Enrol } from '../ui/second-factor'
import type { StepProps } from './setup'

export function Factor({ draft, onward }: StepProps) {
	const [enrolling, set_enrolling] = useState(false)
	const done = () => {
		set_enrolling(false)
		workspace_edits.value++
		onward()
	}
	return (
		<>
			<div class="setup-part">
				{draft.factor ? <Notice tone="good" icon="shield" title={t('setup-factor-there', { user: session.value?.user })} />
					: <Notice tone="note" icon="key" title={t('setup-factor-why')}><p>{t('access-code-beside')}</p></Notice>}
			</div>
			<footer class="setup-foot">
				{draft.factor ? <Button kind="primary" icon="arrow" onClick={onward}>{t('shell-continue')}</Button>
					: <><Button kind="quiet" onClick={onward}>{t('setup-factor-later')}</Button><Button kind="primary" icon="key" onClick={() => set_enrolling(true)}>{t('access-enrol')}</Button></>}
			</footer>
			{enrolling && <Enrol onClose={() => set_enrolling(false)} onDone={done} />}
		</>
	)
}
