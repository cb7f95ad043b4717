// SPDX-License-Identifier: GPL-3.0-or-later
// What the dashboard and the interfaces page say about one link.
import '../css/links.css'
import { bit_rate } from '../core/format'
import { series } from '../core/live'
import type { InterfaceState } from '../core/types'
import { t } from '../core/words'
import { Icon, type IconName } from './icon'
import { Badge } from './parts'

export function Rate({ icon, label, rate, tone }: { icon: IconName; label: string; rate: number; tone: 'in' | 'out' }) {
	const [digits, unit] = bit_rate(rate)
	return (
		<span class={`rate rate-${tone}`}>
			<Icon name={icon} size={16} /><span class="unseen">{label}</span><b>{digits}</b><small>{unit}</small>
		</span>
	)
}

export function LinkBadge({ link }: { link: InterfaceState }) {
	if (link.present === false)
		return <Badge tone="bad" icon="unlink">{t('links-absent')}</Badge>
	const up = series.get(link.name)?.linkUp ?? link['link-up']
	if (link['admin-up'] === false)
		return <Badge tone="plain" icon="unlink">{t('links-switched-off')}</Badge>
	return up ? <Badge tone="good" icon="link">{t('links-up')}</Badge> : <Badge tone="bad" icon="unlink">{t('links-no-carrier')}</Badge>
}
