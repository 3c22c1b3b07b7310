#!/bin/sh
# A Postfix of our own on loopback, beside any that the machine runs.
#   postfix.sh up FOLDER PORT CERTIFICATE KEY [NEXT]   PORT: plain and STARTTLS; PORT+1: implicit TLS; PORT+2: TLS required
#   postfix.sh down FOLDER
# Needs root. Mail for ok@example.test and ikke-svar@fjellvik.test is put in FOLDER/mail; nothing leaves the machine.
# Mail for full.test, rule.test and slow.test fails as the names say, other example.test has no mailbox, passed-on@example.test is
# passed on to one of those, and mail for next.test is given to the server on port NEXT.
set -eu

folder=$2
if [ "$1" = down ]; then
    exec postfix -c "$folder/etc" stop
fi
port=$3 certificate=$4 key=$5 next=${6:-9}

# Its processes run as users that must be able to walk down to their folders.
chmod 755 "$folder"
mkdir -p "$folder/etc" "$folder/spool" "$folder/data" "$folder/mail"
chown postfix "$folder/data"
chown nobody "$folder/mail"
cp -r /etc/postfix/postfix-files /etc/postfix/postfix-script /etc/postfix/post-install /etc/postfix/dynamicmaps.cf* "$folder/etc/"
mkdir -p "$folder/etc/postfix-files.d" "$folder/etc/dynamicmaps.cf.d"
uid=$(id -u nobody) gid=$(id -g nobody)

cat > "$folder/etc/main.cf" <<EOF
compatibility_level = 3.6
queue_directory = $folder/spool
data_directory = $folder/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.example.test
inet_interfaces = loopback-only
inet_protocols = ipv4
mydestination =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
default_transport = error:no external mail in tests
smtpd_reject_unlisted_recipient = no
virtual_mailbox_domains = example.test fjellvik.test
virtual_mailbox_base = $folder/mail
virtual_mailbox_maps = inline:{ ok@example.test=example.test/ok/ ikke-svar@fjellvik.test=fjellvik.test/ikke-svar/ }
virtual_alias_maps = inline:{ passed-on@example.test=nobody@example.test }
transport_maps = inline:{
 { full.test = error:5.2.2 the mailbox is full }
 { rule.test = error:5.7.1 not from you }
 { slow.test = retry:4.4.1 no answer }
 { next.test = smtp:[127.0.0.1]:$next } }
virtual_uid_maps = static:$uid
virtual_gid_maps = static:$gid
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_tls_cert_file = $certificate
smtpd_tls_key_file = $key
smtpd_tls_security_level = may
maillog_file = $folder/maillog
maillog_file_prefixes = $folder
minimal_backoff_time = 5s
maximal_backoff_time = 10s
queue_run_delay = 5s
delay_warning_time = 1s
message_size_limit = 30000000
EOF

cat > "$folder/etc/master.cf" <<EOF
127.0.0.1:$port inet n - n - - smtpd
127.0.0.1:$((port + 1)) inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
127.0.0.1:$((port + 2)) inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
EOF

exec postfix -c "$folder/etc" start
