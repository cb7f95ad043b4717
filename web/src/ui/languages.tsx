// SPDX-License-Identifier: GPL-3.0-or-later
// Which language: each is named in its own words, so that everybody finds his own.
import '../css/languages.css'
import { prefer } from '../core/preferences'
import { complain, session } from '../core/store'
import { language, LANGUAGES, set_language, t } from '../core/words'
import { Icon } from './icon'

const choose = (tag: string) => void set_language(tag, session.value?.user).then(() => prefer({ language: tag }), complain)

export function Languages() {
	return (
		<label class="languages"><Icon name="globe" size={16} /><span class="unseen">{t('shell-language')}</span>
			<span class="select"><select name="language" value={language.value} onChange={event => choose(event.currentTarget.value)}>
				{Object.entries(LANGUAGES).map(([tag, name]) => <option key={tag} value={tag} lang={tag}>{name}</option>)}
			</select><Icon name="chevron" size={16} /></span>
		</label>
	)
}
