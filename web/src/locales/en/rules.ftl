# SPDX-License-Identifier: GPL-3.0-or-later
rules-list-before = Before all
rules-list-rules = Rules
rules-list-after = After all
rules-lead-before = Asked for every packet, before established connections are let through. What none decides goes on.
rules-lead = The first rule that matches decides. Each holds for IPv4 and IPv6.
rules-lead-after = Asked for what no rule before has decided.
rules-n-rules =
    { $count ->
        [one] { $count } rule
       *[other] { $count } rules
    }
rules-is-now = { $rule } is now number { $at } of { $all }
rules-are-now = { $rules } are now numbers { $from } to { $to } of { $all }
rules-is-enabled = { $what } is enabled in the pending changes
rules-is-disabled = { $what } is disabled in the pending changes
rules-is-logged = { $what } is logged in the pending changes
rules-is-not-logged = { $what } is not logged in the pending changes
rules-does = { $what }: { $action } in the pending changes
rules-is-deleted = { $what } is deleted in the pending changes
rules-is-tagged = { $what } is tagged in the pending changes
rules-is-described = { $what } is described anew in the pending changes
rules-n-enabled =
    { $count ->
        [one] { $count } rule is enabled in the pending changes
       *[other] { $count } rules are enabled in the pending changes
    }
rules-n-disabled =
    { $count ->
        [one] { $count } rule is disabled in the pending changes
       *[other] { $count } rules are disabled in the pending changes
    }
rules-n-logged =
    { $count ->
        [one] { $count } rule is logged in the pending changes
       *[other] { $count } rules are logged in the pending changes
    }
rules-n-not-logged =
    { $count ->
        [one] { $count } rule is not logged in the pending changes
       *[other] { $count } rules are not logged in the pending changes
    }
rules-n-do =
    { $count ->
        [one] { $count } rule: { $action } in the pending changes
       *[other] { $count } rules: { $action } in the pending changes
    }
rules-n-deleted =
    { $count ->
        [one] { $count } rule is deleted in the pending changes
       *[other] { $count } rules are deleted in the pending changes
    }
rules-n-tagged =
    { $count ->
        [one] { $count } rule is tagged in the pending changes
       *[other] { $count } rules are tagged in the pending changes
    }
rules-n-copies =
    { $count ->
        [one] { $count } copy in the pending changes
       *[other] { $count } copies in the pending changes
    }
rules-n-chosen =
    { $count ->
        [one] { $count } rule chosen
       *[other] { $count } rules chosen
    }
rules-none-chosen = No rule is chosen
rules-list = List
rules-zones = Zones
rules-add = Add rule
rules-search = Search rules
rules-search-hint = Search, or action:drop from:wan
rules-how-to-search = How to search
rules-which = Which rules
rules-show-generated = Show each of { $count } generated rules
rules-n-of =
    { $count ->
        [one] { $count } rule of { $all }
       *[other] { $count } rules of { $all }
    }
rules-keys = Keys of this page
rules-unreadable = The rules cannot be read
rules-row = Rule { $number } { $rule }
rules-row-generated = Generated rule { $rule }
rules-none-like-that = No rule is like that
rules-show-all = Show all rules
rules-no-rule = There is no rule yet
rules-no-rule-more = Nothing passes until a rule lets it.
rules-delete-title = Delete { $what }?
rules-delete-lead = It goes with the next commit; until then it stays in force.
rules-keep-it = Keep it
rules-delete = Delete
rules-n-generated =
    { $count ->
        [one] { $count } generated rule
       *[other] { $count } generated rules
    }
rules-checked-first = checked first
rules-for-the-rest = for what no rule decides
rules-translate = translate addresses
rules-chosen = Chosen
rules-no = No.
rules-on = On
rules-action = Action
rules-rule = Rule
rules-from-and-to = From and to
rules-ends = Source and destination
rules-service = Service
rules-hits = Hits
rules-any = any
rules-pkt = pkt
rules-never = never
rules-never-hit = Never hit
rules-decided = { $packets } packets, { $bytes }
rules-counted-since = counted since { $time }
rules-first-hit = first { $time }
rules-last-hit = last { $time }, { $ago }
rules-new = new
rules-edited = edited
rules-moved = moved
rules-shadowed = shadowed
rules-redundant = redundant
rules-partly = partly shadowed
rules-unused = unused
rules-finding = { $finding }: { $text }. Go to { $rule }
rules-insert-above = Insert above
rules-insert-below = Insert below
rules-clone = Clone
rules-move-up = Move up
rules-move-down = Move down
rules-to-top = Move to the top
rules-to-bottom = Move to the bottom
rules-move-to = Move to …
rules-key-delete = Del
rules-description-of = Description of { $rule }
rules-description-press = Description of { $rule }: { $text }. Press to change it
rules-choose = Choose { $rule }
rules-drag = Drag to move it, or press Alt and an arrow
rules-always-on = always on
rules-enabled-switch = { $rule } is enabled
rules-action-of = Action of { $rule }: { $action }
rules-generated = generated
rules-logs = Its connections are logged
rules-logged = logged
rules-only-in = Only in the windows of { $schedule }
rules-conditions = Only with: { $names }
rules-describe = Describe { $rule }
rules-describe-it = Describe it
rules-only-tagged = Show only rules tagged { $tag }
rules-to = to
rules-from = from
rules-everybody = everybody
rules-every-service = every service
rules-network-of = network of { $zone }
rules-more-for = More for { $rule }
rules-what-to-do =
    { $count ->
        [one] What to do with { $count } chosen rule
       *[other] What to do with { $count } chosen rules
    }
rules-count-chosen = { $count } chosen
rules-enable = Enable
rules-disable = Disable
rules-tag = Tag
rules-more-chosen = More for the chosen rules
rules-log-connections = Log their connections
rules-do-not-log = Do not log
rules-accept = Accept
rules-reject = Reject
rules-drop = Drop
rules-clear = Clear
rules-move-title = Move { $what }
rules-move-lead = Rules are asked from number 1 on; the first that matches decides.
rules-move = Move
rules-to-number = To number
rules-number-wrong = A number from 1 to { $count }
rules-number-hint = 1 is the top, { $count } the bottom.
rules-tag-title = Tag { $what }
rules-tag-lead = Words to find rules by. They change nothing of what a rule does.
rules-save-tags = Save tags
rules-tag-add = Add
rules-no-tag = “{ $tag }” is no tag: small letters, digits and hyphens
rules-several = Several are separated by spaces.
rules-take-away = Take away
rules-grammar-both = both words, in any part of the rule
rules-grammar-exactly = exactly these, one behind the other
rules-grammar-field = a field contains it: { $names }
rules-grammar-is = a field is exactly this
rules-grammar-one-of = one of several
rules-grammar-not = not this
rules-grammar-pair = rules that may decide connections from lan to wan, “any” too
rules-grammar-state = the rule is this: { $names }
rules-grammar-never = it never decided a packet, over restarts and changes; also { $names }
rules-grammar-last = last hit that long ago, or never; also { $names }
rules-help-title = How to search rules
rules-help-lead = All that is typed must hold. Press an example to try it.
rules-keys-walk = ↑ ↓ Home End
rules-keys-walk-does = Go from rule to rule
rules-keys-enter = Enter
rules-keys-edit = Edit the rule
rules-keys-space = Space
rules-keys-choose = Choose it; with Shift all from the last one
rules-keys-all = Ctrl A, Escape
rules-keys-all-does = Choose all, none
rules-keys-alt = Alt ↑, Alt ↓
rules-keys-move = Move it, or all that are chosen
rules-keys-number = Move to a number
rules-keys-toggle = Enable or disable
rules-keys-new = New rule below, above
rules-keys-inline = Change its description in place
rules-keys-delete = Delete
rules-keys-single = Single keys
rules-keys-single-hint = Letters and signs alone do something. Switch them off when you speak to your computer, or press keys by mistake. It holds for you on every page and computer.
rule-form-addresses = Addresses
rule-form-groups = Groups
rule-form-everybody = everybody
rule-form-addresses-hint = Addresses and networks of both families, separated by spaces.
rule-form-overtaken = Somebody changed this rule meanwhile. Close and open it again to see the new one.
rule-form-from-missing = Choose where the connection comes from
rule-form-to-missing = Choose where the connection goes
rule-form-added = { $rule } is added to the pending changes
rule-form-changed = { $rule } is changed in the pending changes
rule-form-new = New rule
rule-form-rule = Rule { $rule }
rule-form-pending = Goes to the pending changes; nothing is in force before you commit.
rule-form-save = Save rule
rule-form-n-wrong =
    { $count ->
        [one] One thing is not right yet
       *[other] { $count } things are not right yet
    }
rule-form-chosen-for-you = chosen for you
rule-form-name-hint = Small letters, digits and hyphens. Logs and counters use it.
rule-form-description = Description
rule-form-why = Why this rule is there.
rule-form-from = From
rule-form-to = To
rule-form-local = local is this appliance itself.
rule-form-services = Services
rule-form-services-hint = Choose none for every service.
rule-form-services-made = Choose none for every service. The service { $service } is made with this rule.
rule-form-source = Source
rule-form-destination = Destination
rule-form-rate = Rate limit
rule-form-rate-hint = Such as 100/second.
rule-form-per = Counted per
rule-form-per-rule = rule
rule-form-per-source = source address
rule-form-per-destination = destination address
rule-form-tags = Tags
rule-form-tags-hint = Words to find it by, separated by spaces.
rule-form-log = Log its connections
rule-form-enabled = Enabled
matrix-open = open
matrix-some = some
matrix-closed = closed
matrix-refused = refused
matrix-label = Who may talk to whom
matrix-caption = What becomes of a new connection, from the zone of the row to the zone of the column
matrix-box-itself = the box itself
matrix-cell = From { $from } to { $to }: { $verdict }, { $rules }. Show them
matrix-add = Add a rule from { $from } to { $to }
matrix-key = What the words mean
matrix-open-means = everything passes
matrix-some-means = what is named passes, the rest does not
matrix-closed-means = nothing passes, nobody is told
matrix-refused-means = nothing passes, and the sender is told
