#include "parsers/syslog_header.h"

#include <date/date.h>

#include <chrono>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

namespace rastro {
namespace {

Time at(int year, unsigned month, unsigned day, int hour = 0, int minute = 0, int second = 0) {
  using namespace std::chrono;
  return Time(sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day))) +
         hours(hour) + minutes(minute) + seconds(second);
}

std::string iso(Time time) {
  std::ostringstream out;
  out << date::format("%FT%T", date::sys_time<Duration>(time.time_since_epoch()));
  return out.str();
}

std::string read(StampReader& stamps, std::string_view line) {
  LineHeader header;
  if (!maybe_take_syslog_header(line, stamps, header)) return "no header";
  std::ostringstream out;
  out << iso(header.logged_at) << ' ' << (header.host.empty() ? "?" : header.host) << ' '
      << header.program << ' ' << header.pid << ' ' << header.repeated << " |" << line;
  return out.str();
}

struct HeaderCase {
  std::string name;
  std::string_view line;
  std::string want;
  friend void PrintTo(const HeaderCase& c, std::ostream* os) { *os << c.name; }
};
class SyslogHeader : public testing::TestWithParam<HeaderCase> {};
TEST_P(SyslogHeader, MatchesTable) {
  StampReader stamps("Europe/Madrid", at(2026, 11, 25));
  EXPECT_EQ(read(stamps, GetParam().line), GetParam().want) << GetParam().line;
}

const HeaderCase kHeaderCases[] = {
    {"rfc3164", "Nov 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"rfc3164_one_digit_day", "Nov  4 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-04T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"rfc3164_one_digit_day_unpadded", "Nov 4 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-04T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"no_colon_behind_the_pid", "Nov 24 01:40:29 mx1 postfix/smtp[12] text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"no_colon_and_no_mta", "Nov 24 01:40:29 mx1 smtp[12] text",
     "2026-11-24T00:40:29.000000 mx1 - 0 1 |smtp[12] text"},
    {"no_pid", "Nov 24 01:40:29 mx1 dovecot: text",
     "2026-11-24T00:40:29.000000 mx1 dovecot 0 1 |text"},
    {"multilog", "@400000006a24a1ad075bcd00 imap-login: Info: Login: user=<ana>",
     "2026-06-06T22:39:31.123456 ? dovecot 0 1 |imap-login: Info: Login: user=<ana>"},
    {"multilog_seconds_alone", "@400000006a24a1ad postfix/smtp[12]: text",
     "2026-06-06T22:39:31.000000 ? postfix/smtp 12 1 |text"},
    {"multilog_before_1970", "@3fffffffffffffff075bcd00 postfix/smtp[12]: text", "no header"},
    {"multilog_no_nanoseconds", "@400000006a24a1adffffffff postfix/smtp[12]: text", "no header"},
    {"multilog_no_label", "@400000006a24a1ad075bcdzz postfix/smtp[12]: text", "no header"},
    {"svlogd_and_socklog",
     "2026-11-24_00:40:29.12345 mail.info: Nov 24 01:40:29 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 ? postfix/smtp 12 1 |text"},
    {"logstash", "2026-11-24T00:40:31.123Z shipper Nov 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"no_second_line_in_an_untagged_one",
     "Nov 24 01:40:31 mx1 said Nov 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:31.000000 mx1 - 0 1 |said Nov 24 01:40:29 mx1 postfix/smtp[12]: text"},
    {"severity_behind_the_host", "2026-11-24T01:40:29+01:00 mx1 info postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"journalctl_short_precise", "Nov 24 01:40:29.123456 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.123456 mx1 postfix/smtp 12 1 |text"},
    {"journalctl_in_spanish", "ene 04 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-01-04T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"journalctl_in_french", "août 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-08-23T23:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"journalctl_in_french_with_a_dot", "févr. 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-02-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"journalctl_in_german", "Mär 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-03-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"journalctl_in_german_precise", "Okt 24 01:40:29.123456 mx1 postfix/smtp[12]: text",
     "2026-10-23T23:40:29.123456 mx1 postfix/smtp 12 1 |text"},
    {"journalctl_in_russian", "янв 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-01-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"month_of_no_language", "Foo 24 01:40:29 mx1 postfix/smtp[12]: text", "no header"},
    {"month_and_no_time", "ene 24 de 2026 mx1 postfix/smtp[12]: text", "no header"},
    {"priority_in_front", "<22>Nov 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"year_behind_the_day", "Nov 24 2025 01:40:29 mx1 postfix/smtp[12]: text",
     "2025-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"year_in_front", "2025 Nov 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2025-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"cisco_colon", "Nov 24 2025 01:40:29: mx1 postfix/smtp[12]: text",
     "2025-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"Pitfall_3_fraction_and_zone", "2026-11-24T01:40:29.123456+01:00 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.123456 mx1 postfix/smtp 12 1 |text"},
    {"Pitfall_3_three_digits_z", "2026-11-24T01:40:29.123Z mx1 postfix/smtp[12]: text",
     "2026-11-24T01:40:29.123000 mx1 postfix/smtp 12 1 |text"},
    {"Pitfall_3_offset_without_colon", "2026-11-24T01:40:29+0200 mx1 postfix/smtp[12]: text",
     "2026-11-23T23:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"Pitfall_3_offset_of_hours", "2026-11-24T01:40:29-03 mx1 postfix/smtp[12]: text",
     "2026-11-24T04:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"Pitfall_3_nine_digits", "2026-11-24T01:40:29.123456789Z mx1 postfix/smtp[12]: text",
     "2026-11-24T01:40:29.123456 mx1 postfix/smtp 12 1 |text"},
    {"comma_fraction", "2026-11-24T01:40:29,5+01:00 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.500000 mx1 postfix/smtp 12 1 |text"},
    {"no_zone_is_local", "2026-11-24T01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"blank_instead_of_t", "2026-11-24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"journalctl_short_full", "Tue 2026-11-24 01:40:29 CET mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"journalctl_short_unix", "1795480829.123456 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.123456 mx1 postfix/smtp 12 1 |text"},
    {"rfc5424", "<22>1 2026-11-24T01:40:29.003Z mx1 postfix/smtp 12 - - text",
     "2026-11-24T01:40:29.003000 mx1 postfix/smtp 12 1 |text"},
    {"rfc5424_structured_data",
     "<22>1 2026-11-24T01:40:29+01:00 mx1 postfix/smtp 12 ID47 [x@1 a=\"]\\\" b\"][y@2] text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"rfc5424_byte_order_mark", "<22>1 2026-11-24T01:40:29Z mx1 dovecot - - - \xEF\xBB\xBFtext",
     "2026-11-24T01:40:29.000000 mx1 dovecot 0 1 |text"},
    {"rfc5424_no_host", "<22>1 2026-11-24T01:40:29Z - postfix/smtp 12 - - text",
     "2026-11-24T01:40:29.000000 ? postfix/smtp 12 1 |text"},
    {"facility_and_level", "Nov 24 01:40:29 <mail.info> mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"facility_and_level_of_busybox", "Nov 24 01:40:29 mx1 mail.info postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"facility_and_level_before_the_host", "Nov 24 01:40:29 mail.info mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"logread_of_openwrt", "Tue Nov 24 01:40:29 2026 mail.info postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 ? postfix/smtp 12 1 |text"},
    {"host_named_like_a_facility", "Nov 24 01:40:29 mail.example postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mail.example postfix/smtp 12 1 |text"},
    {"rspamd_own_file", "2026-11-24 01:40:29 #12(normal) <9a8448>; task; text",
     "2026-11-24T00:40:29.000000 ? rspamd 12 1 |<9a8448>; task; text"},
    {"iredapd_own_file", "2026-11-24 01:40:29 INFO [192.0.2.7] RCPT, a@x -> b@y, DUNNO",
     "2026-11-24T00:40:29.000000 ? iredapd 0 1 |[192.0.2.7] RCPT, a@x -> b@y, DUNNO"},
    {"iredapd_tag_is_a_word", "Nov 24 01:40:29 mx1 iredapd [192.0.2.7] RCPT, a@x -> b@y, DUNNO",
     "2026-11-24T00:40:29.000000 mx1 iredapd 0 1 |[192.0.2.7] RCPT, a@x -> b@y, DUNNO"},
    {"rspamd_behind_docker_compose", "rspamd-1  | 2026-11-24 01:40:29 #12(normal) <9a8448>; text",
     "2026-11-24T00:40:29.000000 ? rspamd 12 1 |<9a8448>; text"},
    {"spamd_own_file", "Tue Nov 24 01:40:29 2026 [12] info: spamd: text",
     "2026-11-24T00:40:29.000000 ? spamd 12 1 |spamd: text"},
    {"solaris_id", "Nov 24 01:40:29 mx1 postfix/smtp[12]: [ID 197553 mail.info] text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"no_host", "Nov 24 01:40:29 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 ? postfix/smtp 12 1 |text"},
    {"metalog", "Nov 24 01:40:29 [postfix/smtp] text",
     "2026-11-24T00:40:29.000000 ? postfix/smtp 0 1 |text"},
    {"name_taken_out", "Nov 24 01:40:29 [hostname] postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 hostname postfix/smtp 12 1 |text"},
    {"container_level", "2026-11-24T01:40:29.123456+00:00 INFO    postfix/smtp[12]: text",
     "2026-11-24T01:40:29.123456 ? postfix/smtp 12 1 |text"},
    {"docker_logs_t", "2026-11-24T09:00:00.123456789Z Nov 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"cri", "2026-11-24T09:00:00.123456789Z stdout F Nov 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"cri_without_inner_stamp", "2026-11-24T09:00:00.123456789Z stdout F postfix/smtp[12]: text",
     "2026-11-24T09:00:00.123456 ? postfix/smtp 12 1 |text"},
    {"docker_syslog_driver",
     "Nov 24 01:40:30 host1 3f2a9c01d4e7[812]: Nov 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"docker_syslog_driver_5424",
     "<30>1 2026-11-24T01:40:30Z host1 docker/mail 812 docker/mail - "
     "2026-11-24T01:40:29.5+00:00 mx1 postfix/smtp[12]: text",
     "2026-11-24T01:40:29.500000 mx1 postfix/smtp 12 1 |text"},
    {"docker_syslog_driver_exim",
     "Nov 24 01:40:30 host1 3f2a9c01d4e7[812]: 2026-11-24 01:40:29 1tFxyz-000123-AB Completed",
     "2026-11-24T00:40:29.000000 host1 exim 0 1 |1tFxyz-000123-AB Completed"},
    {"docker_syslog_driver_other_text",
     "Nov 24 01:40:30 host1 3f2a9c01d4e7[812]: GET Nov 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:30.000000 host1 3f2a9c01d4e7 812 1 |GET Nov 24 01:40:29 mx1 "
     "postfix/smtp[12]: text"},
    {"a_line_in_a_foreign_line",
     "Nov 24 01:40:30 host1 webapp[812]: Nov 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:30.000000 host1 webapp 812 1 |Nov 24 01:40:29 mx1 postfix/smtp[12]: text"},
    {"docker_compose", "mail-1  | Nov 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"docker_compose_in_colour",
     "\x1b[36mmail-1  |\x1b[0m Nov 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"dovecot_own_file", "Nov 24 01:40:29 imap-login: Info: Login: user=<ana>",
     "2026-11-24T00:40:29.000000 ? dovecot 0 1 |imap-login: Info: Login: user=<ana>"},
    {"Pitfall_63_rsyslog_folds_repeats",
     "Nov 24 01:40:29 mx1 postfix/smtp[12]: message repeated 2 times: [ text [x]]",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 2 |text [x]"},
    {"Pitfall_63_without_blank",
     "Nov 24 01:40:29 mx1 postfix/smtp[12]: message repeated 2 times: [text]",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 2 |text"},
    {"last_message_repeated", "Nov 24 01:40:29 mx1 last message repeated 3 times",
     "2026-11-24T00:40:29.000000 mx1 - 0 1 |last message repeated 3 times"},
    {"plesk_sendmail", "Nov 24 01:40:29 mx1 plesk sendmail[12]: S12: x",
     "2026-11-24T00:40:29.000000 mx1 plesk sendmail 12 1 |S12: x"},
    {"plesk_of_no_sendmail", "Nov 24 01:40:29 mx1 plesk sendmails are",
     "2026-11-24T00:40:29.000000 mx1 - 0 1 |plesk sendmails are"},
    {"mark", "Nov 24 01:40:29 mx1 -- MARK --", "2026-11-24T00:40:29.000000 mx1 - 0 1 |-- MARK --"},
    {"ipv6_host", "Nov 24 01:40:29 2001:db8::25 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 2001:db8::25 postfix/smtp 12 1 |text"},
    {"empty_text", "Nov 24 01:40:29 mx1 postfix/smtp[12]: ",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |"},
    {"blank_and_offset", "2026-11-24 01:40:29.5 +0200 mx1 postfix/smtp[12]: text",
     "2026-11-23T23:40:29.500000 mx1 postfix/smtp 12 1 |text"},
    {"blank_and_offset_at_once", "2026-11-24 01:40:29.123456+02:00 mx1 postfix/smtp[12]: text",
     "2026-11-23T23:40:29.123456 mx1 postfix/smtp 12 1 |text"},
    {"facility_and_level_of_aix", "Nov 24 01:40:29 mx1 mail:info postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"not_of_aix", "Nov 24 01:40:29 mx1 mail:text postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 mail 0 1 |text postfix/smtp[12]: text"},
    {"facility_and_level_behind_the_host", "Nov 24 01:40:29 mx1 <mail.info> postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"level_behind_the_pid", "Nov 24 01:40:29 mx1 postfix/smtp[12] <Info>: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"weekday_without_year", "Tue Nov 24 01:40:29 mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"date_1", "Tue Nov 24 01:40:29 UTC 2025 mx1 postfix/smtp[12]: text",
     "2025-11-24T01:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"year_behind_the_time", "Nov 24 01:40:29 2025 mx1 postfix/smtp[12]: text",
     "2025-11-24T00:40:29.000000 mx1 postfix/smtp 12 1 |text"},
    {"zone_behind_the_time", "Nov 24 01:40:29.123 CET mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.123000 mx1 postfix/smtp 12 1 |text"},
    {"host_named_like_a_zone", "Nov 24 01:40:29 EST postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 EST postfix/smtp 12 1 |text"},
    {"host_in_capitals_and_no_tag", "Nov 24 01:40:29 MAIL mx1 postfix/smtp[12]: text",
     "2026-11-24T00:40:29.000000 MAIL - 0 1 |mx1 postfix/smtp[12]: text"},
    {"refused_month", "Nox 24 01:40:29 mx1 postfix/smtp[12]: text", "no header"},
    {"refused_day", "Nov 34 01:40:29 mx1 postfix/smtp[12]: text", "no header"},
    {"refused_hour", "Nov 24 24:40:29 mx1 postfix/smtp[12]: text", "no header"},
    {"refused_iso_month", "2026-13-24T01:40:29Z mx1 postfix/smtp[12]: text", "no header"},
    {"refused_no_blank", "2026-11-24T01:40:29Zmx1 postfix/smtp[12]: text", "no header"},
    {"refused_stamp_only", "Nov 24 01:40:29", "no header"},
    {"refused_stamp_and_host", "Nov 24 01:40:29 mx1", "no header"},
    {"refused_text", "postfix/smtp[12]: text Nov 24 01:40:29", "no header"},
    {"refused_nul", std::string_view("\0\0\0\0Nov 24 01:40:29 mx1 x[1]: text", 34), "no header"},
    {"refused_empty", "", "no header"},
};
INSTANTIATE_TEST_SUITE_P(, SyslogHeader, testing::ValuesIn(kHeaderCases),
                         [](const auto& tested) { return tested.param.name; });

// Pitfall 1: RFC 3164 has no year. The file's time and the lines' order give it.
Time stamp(StampReader& stamps, const std::string& day_and_time) {
  LineHeader header;
  const auto line = day_and_time + " mx1 postfix/smtp[1]: text";
  std::string_view rest = line;
  EXPECT_TRUE(maybe_take_syslog_header(rest, stamps, header)) << line;
  return header.logged_at;
}

TEST(Pitfall1, DecemberIsFollowedByJanuary) {
  StampReader stamps("UTC", at(2027, 1, 2));
  EXPECT_EQ(stamp(stamps, "Dec 31 23:59:59"), at(2026, 12, 31, 23, 59, 59));
  EXPECT_EQ(stamp(stamps, "Jan  1 00:00:00"), at(2027, 1, 1));
}
TEST(Pitfall1, ALateLineOfDecemberStaysInItsYear) {
  StampReader stamps("UTC", at(2027, 1, 2));
  EXPECT_EQ(stamp(stamps, "Jan  1 00:00:00"), at(2027, 1, 1));
  EXPECT_EQ(stamp(stamps, "Dec 31 23:59:59"), at(2026, 12, 31, 23, 59, 59));
  EXPECT_EQ(stamp(stamps, "Jan  1 00:00:01"), at(2027, 1, 1, 0, 0, 1));
}
TEST(Pitfall1, AQuietHostSkipsMonthsOverTheNewYear) {
  StampReader stamps("UTC", at(2026, 12, 1));
  EXPECT_EQ(stamp(stamps, "Nov 30 10:00:00"), at(2026, 11, 30, 10));
  EXPECT_EQ(stamp(stamps, "Feb  3 10:00:00"), at(2027, 2, 3, 10));
}
TEST(Pitfall1, ALateLineOfTheLastMonthIsNoNewYear) {
  StampReader stamps("UTC", at(2026, 12, 1));
  EXPECT_EQ(stamp(stamps, "Nov  1 00:00:00"), at(2026, 11, 1));
  EXPECT_EQ(stamp(stamps, "Oct 31 23:59:59"), at(2026, 10, 31, 23, 59, 59));
}
TEST(Pitfall1, LeapDay) {
  StampReader stamps("UTC", at(2028, 3, 1));
  EXPECT_EQ(stamp(stamps, "Feb 29 12:00:00"), at(2028, 2, 29, 12));
}
TEST(Pitfall1, LeapDayReadYearsLater) {
  StampReader stamps("UTC", at(2027, 3, 1));
  EXPECT_EQ(stamp(stamps, "Feb 29 12:00:00"), at(2024, 2, 29, 12));
}
TEST(Pitfall1, ALogReadYearsLater) {
  StampReader stamps("UTC", at(2019, 11, 24));
  EXPECT_EQ(stamp(stamps, "Nov 24 01:40:29"), at(2019, 11, 24, 1, 40, 29));
}
TEST(Pitfall1, AClockThatIsAheadIsNotAYearBehind) {
  StampReader stamps("UTC", at(2026, 11, 24, 1));
  EXPECT_EQ(stamp(stamps, "Nov 24 09:00:00"), at(2026, 11, 24, 9));
}
TEST(Pitfall1, TheRepeatedHourOfOctober) {
  StampReader stamps("Europe/Madrid", at(2026, 10, 26));
  EXPECT_EQ(stamp(stamps, "Oct 25 01:59:59"), at(2026, 10, 24, 23, 59, 59));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:30:00"), at(2026, 10, 25, 0, 30));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:59:59"), at(2026, 10, 25, 0, 59, 59));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:00:00"), at(2026, 10, 25, 1));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:00:00"), at(2026, 10, 25, 1));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:58:00"), at(2026, 10, 25, 1, 58));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:57:59"), at(2026, 10, 25, 1, 57, 59));
  EXPECT_EQ(stamp(stamps, "Oct 25 03:00:00"), at(2026, 10, 25, 2));
}
TEST(Pitfall1, AQuietSourceRepeatsTheHourToo) {
  StampReader stamps("Europe/Madrid", at(2026, 10, 26));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:40:00"), at(2026, 10, 25, 0, 40));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:39:59"), at(2026, 10, 25, 0, 39, 59));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:09:00"), at(2026, 10, 25, 1, 9));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:39:00"), at(2026, 10, 25, 1, 39));
}
// Of another host: it stays in the first hour, and all behind it does.
TEST(Pitfall1, ALineLateByMinutesRepeatsNoHour) {
  StampReader stamps("Europe/Madrid", at(2026, 10, 26));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:12:00"), at(2026, 10, 25, 0, 12));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:31:00"), at(2026, 10, 25, 0, 31));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:22:00"), at(2026, 10, 25, 0, 22));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:31:30"), at(2026, 10, 25, 0, 31, 30));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:52:00"), at(2026, 10, 25, 0, 52));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:02:00"), at(2026, 10, 25, 1, 2));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:27:00"), at(2026, 10, 25, 1, 27));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:19:00"), at(2026, 10, 25, 1, 19));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:28:00"), at(2026, 10, 25, 1, 28));
  EXPECT_EQ(stamp(stamps, "Oct 25 03:08:00"), at(2026, 10, 25, 2, 8));
}
// Later still, it is taken for one of the second hour: it alone.
TEST(Pitfall1, ALineLateByMostOfTheHourIsAlone) {
  StampReader stamps("Europe/Madrid", at(2026, 10, 26));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:50:00"), at(2026, 10, 25, 0, 50));
  stamp(stamps, "Oct 25 02:10:00");
  EXPECT_EQ(stamp(stamps, "Oct 25 02:51:00"), at(2026, 10, 25, 0, 51));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:01:00"), at(2026, 10, 25, 1, 1));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:20:00"), at(2026, 10, 25, 1, 20));
  EXPECT_EQ(stamp(stamps, "Oct 25 03:01:00"), at(2026, 10, 25, 2, 1));
}
TEST(Pitfall1, ALateLineOfTheFirstOfBothHoursStaysInIt) {
  StampReader stamps("Europe/Madrid", at(2026, 10, 26));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:59:59"), at(2026, 10, 25, 0, 59, 59));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:00:00"), at(2026, 10, 25, 1));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:59:59"), at(2026, 10, 25, 0, 59, 59));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:00:01"), at(2026, 10, 25, 1, 0, 1));
}
TEST(Pitfall1, AnHourThatIsNotRepeatedIsNot) {
  StampReader stamps("Europe/Madrid", at(2026, 10, 27));
  EXPECT_EQ(stamp(stamps, "Oct 26 02:40:00"), at(2026, 10, 26, 1, 40));
  EXPECT_EQ(stamp(stamps, "Oct 26 02:10:00"), at(2026, 10, 26, 1, 10));
}
// A stamp far ahead, of another host's clock, says nothing about the hour.
TEST(Pitfall1, AStampFromElsewhereRepeatsNoHour) {
  StampReader stamps("Europe/Madrid", at(2026, 10, 26));
  EXPECT_EQ(stamp(stamps, "Oct 25 09:00:00"), at(2026, 10, 25, 8));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:10:00"), at(2026, 10, 25, 0, 10));
}
// The daemon starts again within the repeated hour: the file was written to just now.
TEST(Pitfall1, TheRepeatedHourIsKnownByTheFilesTime) {
  StampReader live("Europe/Madrid", at(2026, 10, 25, 1, 20));
  EXPECT_EQ(stamp(live, "Oct 25 02:19:30"), at(2026, 10, 25, 1, 19, 30));
  EXPECT_EQ(stamp(live, "Oct 25 02:20:30"), at(2026, 10, 25, 1, 20, 30));
  StampReader before("Europe/Madrid", at(2026, 10, 25, 0, 20));
  EXPECT_EQ(stamp(before, "Oct 25 02:19:30"), at(2026, 10, 25, 0, 19, 30));
}
// What was not read yet begins in the first hour, though the file was written to in the second: no
// hour comes three times.
TEST(Pitfall1, TheHourIsRepeatedOnce) {
  StampReader stamps("Europe/Madrid", at(2026, 10, 25, 1, 50));
  stamp(stamps, "Oct 25 02:41:00");
  stamp(stamps, "Oct 25 02:48:00");
  EXPECT_EQ(stamp(stamps, "Oct 25 02:06:00"), at(2026, 10, 25, 1, 6));
  EXPECT_EQ(stamp(stamps, "Oct 25 02:49:00"), at(2026, 10, 25, 1, 49));
  EXPECT_EQ(stamp(stamps, "Oct 25 03:02:00"), at(2026, 10, 25, 2, 2));
}
TEST(Pitfall1, EximsRepeatedHour) {
  StampReader stamps("Europe/Madrid", at(2026, 10, 26));
  const auto exim = [&](std::string_view line) {
    LineHeader header;
    EXPECT_TRUE(maybe_take_exim_stamp(line, stamps, header));
    return header.logged_at;
  };
  EXPECT_EQ(exim("2026-10-25 02:59:59 Start queue run: pid=1"), at(2026, 10, 25, 0, 59, 59));
  EXPECT_EQ(exim("2026-10-25 02:00:59 Start queue run: pid=1"), at(2026, 10, 25, 1, 0, 59));
  EXPECT_EQ(exim("2026-10-25 02:01:00 Start queue run: pid=1"), at(2026, 10, 25, 1, 1));
  EXPECT_EQ(exim("2026-10-25 03:00:59 Start queue run: pid=1"), at(2026, 10, 25, 2, 0, 59));
}
TEST(Pitfall1, RotatedSetsMixBothFormats) {
  StampReader stamps("UTC", at(2026, 11, 25));
  EXPECT_EQ(stamp(stamps, "Nov 24 01:40:29"), at(2026, 11, 24, 1, 40, 29));
  EXPECT_EQ(stamp(stamps, "2026-11-24T01:40:30+00:00"), at(2026, 11, 24, 1, 40, 30));
  EXPECT_EQ(stamp(stamps, "Nov 24 01:40:31"), at(2026, 11, 24, 1, 40, 31));
}
TEST(Pitfall2, TimeMayStepBackWithinAFile) {
  StampReader stamps("UTC", at(2026, 11, 25));
  EXPECT_EQ(stamp(stamps, "Nov 24 19:48:05"), at(2026, 11, 24, 19, 48, 5));
  EXPECT_EQ(stamp(stamps, "Nov 24 19:48:04"), at(2026, 11, 24, 19, 48, 4));
}

// What stands in the minute of the line before is read a shorter way: it must read the same.
TEST(KnownMinute, ChangesNothing) {
  const std::string_view stamps[] = {"2026-11-24T01:40:29.123456+01:00 ",
                                     "2026-11-24T01:40:60.000001-09:30 ",
                                     "2026-11-24T01:40:29.12345678+02 ",
                                     "2026-11-24T01:40:29,123456+01:00 ",
                                     "2026-11-24T01:40:61.123456+01:00 ",
                                     "2026-11-24T01:40:2x.123456+01:00 ",
                                     "2026-11-24T01:40:29.12345x+01:00 ",
                                     "2026-11-24T01:40:29.1234567+01:00",
                                     "Nov 24 01:40:29 ",
                                     "Nov 24 01:40:60 ",
                                     "Nov 24 01:40:2x ",
                                     "Nov 24 01:40:29.123 ",
                                     "Nov 24 01:40:29: ",
                                     "Nov  4 01:40:29 "};
  const std::string_view behind[] = {
      "mx1 postfix/smtpd[10031]: connect from mx.example.org[192.0.2.7]",
      "mx1 postfix/smtpd: connect from mx.example.org[192.0.2.7]",
      "mx1 postfix/smtpd[10031]:connect from mx.example.org[192.0.2.7]",
      "mx1 postfix/smtpd[10031] connect from mx.example.org[192.0.2.7]",
      "mx1 postfix/smtpd[123456789]: connect from mx.example.org[192.0.2.7]",
      "mx1 postfix/smtpd[12x]: connect from mx.example.org[192.0.2.7]",
      "mx1 postfix/smtpd[]: connect from mx.example.org[192.0.2.7]",
      "mx1 postfix/smtpd[7]: message repeated 3 times: [ lost connection after x]",
      "mx1 postfix/smtpd[7]: [ID 197553 mail.info] connect from x.example.org",
      "mx1 -: a line without a tag of its own, long enough to be looked at",
      "mx1: postfix/smtpd[7]: a host that ends with a colon is none, is it",
      "mx1[7]: no host at all, but a program where the host would stand",
      "[tag] the text of metalog, which is long enough to be looked at",
      "<mail.info> mx1 postfix/smtpd[7]: connect from mx.example.org[192.0.2.7]",
      "stdout F mx1 postfix/smtpd[7]: connect from mx.example.org[192.0.2.7]",
      "INFO postfix/smtpd[7]: connect from mx.example.org[192.0.2.7]",
      "imap-login: Info: Login: user=<ana>, method=PLAIN, rip=192.0.2.7",
      "mx1 : an empty tag and then some text that is long enough",
      " mx1 postfix/smtpd[7]: a blank too many in front of the host",
      "mx1 postfix/smtpd[7]: x",
      "mx1 p[7]: ",
      ""};
  for (const auto stamp : stamps) {
    for (const auto rest : behind) {
      const auto line = std::string(stamp) + std::string(rest);
      StampReader fresh("Europe/Madrid", at(2026, 11, 25));
      StampReader used = fresh;
      // With a full stamp and a traditional one of the same minute before it, whichever fits.
      for (const auto before : {stamps[0], stamps[8], stamp}) {
        const auto one = std::string(before) + std::string(behind[0]);
        read(used, one);
      }
      EXPECT_EQ(read(used, line), read(fresh, line)) << line;
    }
  }
}

TEST(DetectFormat, TellsEximFromSyslog) {
  EXPECT_EQ(detect_format("2026-11-24 01:40:29 1tFxyz-000123-AB Completed\n"), LineFormat::exim);
  EXPECT_EQ(detect_format("2026-11-24 01:40:29.123 +0100 [12] Start queue run: pid=1\n"),
            LineFormat::exim);
  EXPECT_EQ(detect_format("2026-11-24 01:40:29 mx1 postfix/smtp[12]: text\n"), LineFormat::syslog);
  EXPECT_EQ(detect_format("2026-11-24T01:40:29Z mx1 x: y\n"), LineFormat::syslog);
  EXPECT_EQ(detect_format("<22>1 2026-11-24T01:40:29Z mx1 x - - - y\n"), LineFormat::syslog);
  EXPECT_EQ(detect_format("-- Journal begins at Tue --\nNov 24 01:40:29 mx1 x: y\n"),
            LineFormat::syslog);
  EXPECT_EQ(detect_format("exim-1  | 2026-11-24 01:40:29 1tFxyz-000123-AB Completed\n"),
            LineFormat::exim);
  EXPECT_EQ(
      detect_format("2026-11-24T01:40:29.1Z stdout F 2026-11-24 01:40:29 1tFxyz-000123-AB x\n"),
      LineFormat::exim);
  EXPECT_EQ(
      detect_format("2026-11-24T01:40:29.1Z stdout F 2026-11-24 01:40:29 mx1 postfix/a[1]: x\n"),
      LineFormat::syslog);
  EXPECT_EQ(detect_format("Tue Nov 24 01:40:29 2026 mail.info postfix/smtp[12]: x\n"),
            LineFormat::syslog);
  EXPECT_EQ(detect_format("2026-11-24 01:40:29 #12(normal) <9a8448>; task; x\n"),
            LineFormat::syslog);
  EXPECT_EQ(detect_format("2026-11-24 01:40:29 imap-login: Info: Login: user=<ana>\n"),
            LineFormat::syslog);
  EXPECT_EQ(detect_format("nothing of a log\n"), LineFormat::unknown);
  EXPECT_EQ(detect_format(""), LineFormat::unknown);
}

}  // namespace
}  // namespace rastro
