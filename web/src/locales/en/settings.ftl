# SPDX-License-Identifier: GPL-3.0-or-later
settings-as-usual = as usual
settings-remove = Remove { $node } { $value }
settings-add = Add { $node }
settings-entries = { $count } entries
settings-set = set
settings-lists-of = Lists of { $name }
settings-where-this-is = Where this is
settings-there-is-no-setting = There is no setting “{ $at }”
settings-choose-a-part-of-the = Choose a part of the configuration on the left
settings-settings = Settings
settings-somebody-changed-this-meanwhile-re = Somebody changed this meanwhile. Read it again before you change it.
settings-this-cannot-be-read = This cannot be read
settings-save-to-the-pending-changes = Save to the pending changes
settings-as-it-was = As it was
settings-new = New { $noun }
settings-add-2 = Add { $noun }
settings-save = Save { $noun }
settings-remove-2 = Remove { $noun } { $name }?
settings-it-goes-from-the-pending = It goes from the pending changes; what runs keeps it until you commit.
settings-referred-to =
    { $count ->
        [one] One place refers to it, and keeps these changes from being committed
       *[other] { $count } places refer to it, and keep these changes from being committed
    }
settings-keep-it = Keep it
settings-remove-3 = Remove { $name }
settings-is-removed-in-the-pending = { $name } is removed in the pending changes
settings-is-moved-in-the-pending = { $name } is moved in the pending changes
settings-move-up = Move up
settings-move-down = Move down
settings-move-to-the-top = Move to the top
settings-move-to-the-end = Move to the end
settings-this-list-cannot-be-read = This list cannot be read
settings-search = Search { $list }
settings-no-contains = No { $noun } contains “{ $text }”
settings-there-is-no-yet = There is no { $noun } yet
settings-on = On
settings-is-on = { $value } is on
settings-actions-for = Actions for { $value }
settings-such-as = such as { $example }
settings-choose-one = choose one
settings-secret-set = set; what you type replaces it
settings-secret-not-set = not set
settings-set-fingerprint = set, fingerprint { $fingerprint }
settings-added = { $name } is added to the pending changes
settings-changed = { $name } is changed in the pending changes
settings-and-more = and { $count } more
settings-n-of =
    { $all ->
        [one] { $count } of { $all } { $noun }
       *[other] { $count } of { $all } { $noun }s
    }
settings-n =
    { $count ->
        [one] { $count } { $noun }
       *[other] { $count } { $noun }s
    }
settings-switched-on = { $name } is switched on in the pending changes
settings-switched-off = { $name } is switched off in the pending changes
settings-not-right-yet =
    { $count ->
        [one] One thing is not right yet
       *[other] { $count } things are not right yet
    }
settings-read-only = You may look at this, not change it
settings-used = Used
settings-used-n = by { $count }
settings-unused = not used
settings-upload = Upload a file of entries
settings-uploaded = { $file } is in force as { $name }
settings-uploading = { $file }: { $percent } % are at the appliance
