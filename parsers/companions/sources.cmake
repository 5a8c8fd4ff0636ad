set(RASTRO_COMPANION_SOURCES
  companions/companions.cc companions/facts.cc companions/dovecot.cc companions/dovecot_login.cc
  companions/dovecot_known.cc companions/dovecot_trouble.cc companions/saslauthd.cc companions/amavis.cc companions/rspamd.cc
  companions/spamd.cc companions/opendkim.cc companions/opendmarc.cc companions/openarc.cc companions/courier.cc companions/plesk.cc
  companions/greylisting.cc
  companions/policyd_spf.cc companions/clamav.cc companions/cyrus.cc companions/iredapd.cc companions/mailscanner.cc
  companions/mimedefang.cc companions/rmilter.cc companions/milters.cc companions/content_filters.cc companions/postsrsd.cc companions/policyd.cc companions/pmg.cc companions/tumgreyspf.cc)
