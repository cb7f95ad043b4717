# SPDX-License-Identifier: GPL-3.0-or-later
box-full = configuration and secrets
box-configuration = configuration alone
box-keys = keys alone
box-sent = sent
box-failed = failed
box-sending = being sent
box-waiting = waiting
box-backups = Backups
box-backups-lead = Encrypted files of age. A restore is looked at first; nothing of it is in force before you commit.
box-backup-made = The backup is made
box-new-backup = New backup
box-new-backup-lead = What runs now, sealed for whoever has the passphrase or the key.
box-make-backup = Make backup
box-content = Content
box-opened-by = Opened by
box-passphrase = Passphrase
box-passphrase-again = Passphrase again
box-passphrase-hint = Without it nobody opens the backup, not even this box.
box-not-the-same = The two are not the same
box-recipients = Keys
box-recipients-hint = Public keys of age, one a line. Who has the private key opens it.
box-identity = Private key
box-of = Of
box-made = Made
box-revision = revision { $number }
box-n-secrets =
    { $count ->
        [one] { $count } secret
       *[other] { $count } secrets
    }
box-lists = Entries of these lists: { $lists }
box-countries = An uploaded database of countries with { $ranges } ranges
box-autonomous-systems = An uploaded database of autonomous systems with { $ranges } ranges
box-secrets-missing = These secrets are not in it, and not on this box
box-users-disabled = These users come without a password, switched off: { $names }
box-hardware = Other hardware
box-hardware-hint = When an interface of the backup is another port here, say which.
box-interface-of-backup = Interface of the backup
box-is-here = Is here
box-map-one = Add an interface
box-restore-title = Restore { $name }
box-restore-lead = First you see what is in it, then what it would change, then it becomes your pending changes.
box-look-inside = Look inside
box-preview = Show what would change
box-take = Take into the pending changes
box-restored-pending = The backup is in the pending changes; nothing is in force before you commit
box-replaces-pending = It takes the place of your pending changes
box-sections = Sections to take
box-would-change = What would change
box-bring = Bring a file
box-brought = { $name } is on the box
box-removed = { $name } is removed
box-backups-unreadable = The backups cannot be read
box-backup-fault = The scheduled backup does not work
box-on-the-box = On the box
box-schedule = Schedule and targets
box-no-backup = No backup yet
box-no-backup-more = Make one, or let the box make one each night and send it away.
box-scheduled = scheduled
box-size = Size
box-restore-one = Restore { $name }
box-download = Download { $name }
box-actions-for = Actions for { $name }
box-sent-away = Sent away
box-target = Target
box-file = File
box-said = Last word
box-critical = critical
box-warning = warning
box-info = note
box-alarms = Alarms
box-no-alarm = Nothing is wrong
box-severity = Severity
box-what = What
box-from = From
box-since = Since
box-no-nnp = may gain privileges
box-no-seccomp = no seccomp filter
box-has-capabilities = has capabilities
box-privileged = privileged, filtered
box-confined = confined
box-processes = Processes and their confinement
box-n-restarts =
    { $count ->
        [one] { $count } restart
       *[other] { $count } restarts
    }
box-confinement = Confinement
box-capabilities = Capabilities
box-none-at-all = none at all
box-seccomp = Seccomp
box-n-filters =
    { $count ->
        [one] { $count } filter
       *[other] { $count } filters
    }
box-namespaces = Own namespaces
box-those-of-the-host = those of the host
box-memory = Memory
box-connected = connected
box-connecting = connecting
box-failing = failing
box-receivers = Log receivers
box-set-up = Set up
box-no-receiver = Logs stay on the box
box-no-receiver-more = A receiver gets every record by syslog, encrypted, and what it missed again.
box-dropped = Dropped
box-last-trouble = Last trouble
box-passed = passed
box-check-failed = failed
box-failed-before = failed before, too
box-skipped = not tried
box-probes = Health checks
box-no-probe = No health check
box-no-probe-more = A check that passed before a commit and fails after it takes the commit back.
box-tries = Tries
box-at-last-commit = At the last commit
box-not-known = not known
box-system = System
box-system-lead = Patronus { $version }, running for { $uptime }
vault-title = Secrets
vault-lead = Written, never read. What protects them on the disk, and which are set.
vault-key-file = Key file
vault-key-file-more = The box opens them by itself, and so does whoever has its disk: nothing is protected.
vault-passphrase = Passphrase
vault-passphrase-more = After each start the box filters and forwards, but what needs a secret waits until somebody unlocks them.
vault-tpm = TPM
vault-tpm-more = The chip of this box releases the key at each start, and to nobody who has the disk alone. The recovery passphrase always opens them, too.
vault-pcr-7 = 7: the state of Secure Boot
vault-pcr-0247 = 0+2+4+7: firmware, boot loader and Secure Boot
vault-pcr-none = none: this chip, whatever it boots
vault-open-now = The secrets are open
vault-is-locked = The secrets are locked
vault-locked-more = What needs one waits. Filtering and forwarding go on.
vault-tpm-refused = The TPM did not release the key
vault-recovery-passphrase = Recovery passphrase
vault-unlock = Unlock
vault-ask-tpm = Ask the TPM again
vault-protected-now = The secrets are protected so now
vault-protect = Change the protection
vault-protect-lead = It is done at once, and the key is made anew. It is not part of the pending changes.
vault-protect-so = Protect so
vault-by = Protected by
vault-registers = Boot registers
vault-registers-hint = What must be as it is now for the chip to release the key.
vault-passphrase-hint = Twelve characters or more. Write it down and keep it away from the box.
vault-how = How they are kept
vault-protected = protected
vault-unprotected = not protected
vault-locked = locked
vault-open = open
vault-data-key = Data key
vault-epoch = number { $number }
vault-to-reseal = { $count } still to be sealed anew
vault-secrets = Secrets
vault-lost =
    { $count ->
        [one] { $count } is not there
       *[other] { $count } are not there
    }
vault-rotate = New data key
vault-rotated = A new data key is made; the secrets are sealed anew
vault-unreadable = How the secrets are kept cannot be read
vault-which = Which are set
vault-none = No secret is set
vault-place = Place
vault-fingerprint = Fingerprint
vault-stored = on this box
vault-missing = not on this box
drift-title = Drift
drift-lead = What somebody changed in the kernel past the configuration.
drift-repaired = repaired
drift-reported = reported
drift-accepted = accepted
drift-accepted-not-now = accepted, not so now
drift-failed = cannot be repaired
drift-gone = gone by itself
drift-critical = critical
drift-warning = warning
drift-info = note
drift-for-ever = For ever
drift-1-hour = 1 hour
drift-1-day = 1 day
drift-7-days = 7 days
drift-30-days = 30 days
drift-accepted-now = This difference is let be
drift-accept-title = Let this difference be?
drift-accept = Accept
drift-why = Why
drift-why-hint = It stands in the audit log. Exactly this difference is accepted; another one is reported as ever.
drift-how-long = How long
drift-now = Differs now
drift-policy = What happens by itself
drift-none = The kernel is as configured
drift-none-more = It is watched all the time; what differs stands here at once.
drift-what = What
drift-class = Class
drift-owner = Owner
drift-since = Since
drift-stands = stands
drift-repair = Repair
drift-repair-one = Repair { $object }
drift-accept-one = Accept { $object }
drift-take-back = Take back
drift-take-back-one = Take back the acceptance of { $object }
drift-repaired-now = It is as configured again
drift-taken-back = The acceptance is taken back
drift-compare = Compare the whole kernel
drift-compare-now = Compare now
drift-compare-more = A process of its own compiles the running revision anew and compares it with what the kernel has.
drift-same = The kernel is revision { $revision }
drift-differs = The kernel is not revision { $revision }
drift-took = in { $ms } ms
drift-n-differences =
    { $count ->
        [0] no difference
        [one] { $count } difference
       *[other] { $count } differences
    }
drift-unreadable = The differences cannot be read
drift-found = What was found
drift-nothing-found = Nothing was found yet
drift-when = When
drift-done = What was done
vault-pcrs = PCR { $registers }
