# SPDX-License-Identifier: GPL-3.0-or-later
changes-what-it-will-do = What it will do
changes-it-cuts-your-own-connection = It cuts your own connection
changes-sessions-that-end = Sessions that end
changes-from = { $user } from { $origin }: { $text }
changes-revision-is-in-force = Revision { $revision } is in force
changes-all-of-it-or-nothing = All of it, or nothing: what cannot be proven in the kernel is taken back.
changes-not-yet = Not yet
changes-committing = Committing
changes-the-commit-failed = The commit failed
changes-the-whole-plan = The whole plan
changes-why-in-a-few-words = Why, in a few words
changes-the-history-shows-it-for = The history shows it for ever.
changes-ask-me-afterwards-whether-it = Ask me afterwards whether it works
changes-without-your-answer-the-box = Without your answer the box goes back by itself. Nobody locks themselves out.
changes-time-to-answer = Time to answer
changes-pending-changes = Pending changes
changes-revision-is-on-trial = Revision { $revision } is on trial
changes-nothing-is-pending = Nothing is pending
changes-keep-it-or-go-back = Keep it or go back in the bar below.
changes-revision-is-in-force-what = Revision { $revision } is in force. What you edit is gathered here first, and takes effect all at once when you commit.
changes-firewall-rules = Firewall rules
changes-history = History
changes-the-changes-cannot-be-read = The changes cannot be read
changes-valid-the-appliance-can-do = Valid: the appliance can do this
changes-what-changes = What changes
changes-plan = Plan
changes-they-are-gone-for-good = They are gone for good. What is in force stays as it is.
changes-the-changes-are-discarded = The changes are discarded
changes-from-revision-to = From revision { $from } to { $to }
changes-they-cannot-be-compared = They cannot be compared
changes-revision = Revision { $number }
changes-the-whole-configuration-as-a = The whole configuration as a document.
changes-configuration-of-revision = Configuration of revision { $number }
changes-revision-is-in-the-pending = Revision { $number } is in the pending changes; nothing is in force before you commit
changes-choose-another-revision-to-compare = Choose another revision to compare it with.
changes-choose-two-revisions-to-compare = Choose two revisions to compare them.
changes-the-history-cannot-be-read = The history cannot be read
changes-no-revision-yet = No revision yet
changes-revisions-newest-first = Revisions, newest first
changes-choose-revision-to-compare = Choose revision { $number } to compare
changes-no-comment = no comment
changes-from-2 = from { $value }
changes-in-force = in force
changes-show-revision = Show revision { $number }
changes-show = Show
changes-what-changed-in-revision = What changed in revision { $number }
changes-changes = Changes
changes-restore-revision = Restore revision { $number }
changes-older-revisions = Older revisions
changes-restore-title = Restore revision { $number }
changes-restore-lead = It goes to the pending changes; nothing is in force before you commit.
changes-sections-that-differ = Sections that differ from what runs
changes-all-of-them = All of it: the configuration becomes that of this revision.
changes-some-of-them = What runs, with the chosen sections as they were in this revision.
changes-nothing-differs = It is the same as what runs
changes-sections-are-in-the-pending = Of revision { $number } in the pending changes: { $sections }
changes-hot = nothing is interrupted
changes-reload = a reload
changes-restart = a restart
changes-disconnect = connections end
changes-30-seconds = 30 seconds
changes-1-minute = 1 minute
changes-90-seconds = 90 seconds
changes-5-minutes = 5 minutes
changes-10-minutes = 10 minutes
changes-kept = kept
changes-on-trial = on trial
changes-taken-back = taken back
changes-objects-first =
    { $count ->
        [one] { $count } object in all, the first { $shown }:
       *[other] { $count } objects in all, the first { $shown }:
    }
changes-sessions-will-end =
    { $count ->
        [one] { $count } session will end
       *[other] { $count } sessions will end
    }
changes-commit-n =
    { $count ->
        [one] Commit { $count } change
       *[other] Commit { $count } changes
    }
changes-discard-n =
    { $count ->
        [one] Discard { $count } change?
       *[other] Discard { $count } changes?
    }
changes-lead =
    { $count ->
        [one] { $count } change on revision { $base }. Nothing of it is in force.
       *[other] { $count } changes on revision { $base }. Nothing of it is in force.
    }
changes-lead-begun =
    { $count ->
        [one] { $count } change on revision { $base }, begun { $ago }. Nothing of it is in force.
       *[other] { $count } changes on revision { $base }, begun { $ago }. Nothing of it is in force.
    }
changes-would-be-lost =
    { $count ->
        [one] { $count } change not yet in force would be lost.
       *[other] { $count } changes not yet in force would be lost.
    }
changes-things-first =
    { $count ->
        [one] One thing must be put right first
       *[other] { $count } things must be put right first
    }
changes-keep-connection = To keep it, { $remedy }
changes-replace-by-revision = Replace by revision { $number }
conflict-title =
    { $count ->
        [one] One object was changed by both of you
       *[other] { $count } objects were changed by both of you
    }
conflict-base = As it was
conflict-mine = Mine
conflict-theirs = In force now
conflict-not-there = not there
conflict-take = What to take for { $path }
conflict-all-mine = All mine
conflict-all-theirs = All that is in force
conflict-who = made revision { $revision }, { $ago }: { $comment }
conflict-resolve = Resolve and go on
conflict-later = Decide later
conflict-left =
    { $count ->
        [one] One decision is left
       *[other] { $count } decisions are left
    }
conflict-none-left = Everything is decided. Nothing is in force before you commit.
conflict-resolved = Your changes stand on what runs now
conflict-moved = Revision { $revision } runs by now
conflict-moved-more = These changes were begun on revision { $base }. Bring them onto what runs: what both changed is shown, and you decide.
conflict-bring = Bring them onto revision { $revision }
diff-commands = Commands
diff-kernel = Kernel rules
diff-no-view = It cannot be shown so
diff-new = new
diff-deleted = deleted
diff-changed = changed
diff-moved = moved
diff-moved-to = moved { $place }
diff-moved-from = moved { $place }, was { $old }
diff-after = after { $name }
diff-before = before { $name }
diff-first = to be first
diff-last = to be last
diff-n-objects =
    { $count ->
        [one] { $count } object
       *[other] { $count } objects
    }
changes-impact = Whom it touches
changes-impact-look = Look at the last day
changes-impact-unreadable = It cannot be told whom it touches
changes-impact-lead = The traffic of the last day is held against the pending changes: which connections they would cut off, and what was refused until now and would pass.
changes-impact-cut = Cut off: { $count }
changes-impact-admitted = Let in: { $count }
changes-impact-looked = { $connections } connections and { $denied } logged refusals were looked at; the memory of connections began { $ago }.
changes-impact-search = Search address, port or rule
changes-impact-none-like-that = None is like that
changes-impact-none-cut = No connection of the last day is cut off
changes-impact-none-admitted = Nothing that was refused would pass
changes-impact-who = Connection
changes-impact-why = What becomes of it
changes-impact-last = Last seen
changes-impact-more = { $count } more: search for them.
changes-page-moves = This page goes on at { $address }
changes-page-moves-more = Its address goes with this commit. Your session comes along; the browser may ask about the certificate once more. Without Keep from there the box goes back.
