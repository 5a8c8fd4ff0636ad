// When a bounce was written, by the zone that it names or that of who asks.
#include <gtest/gtest.h>

#include <string>

#include "daemon/answer/mail_header.h"
#include "daemon/bounce/mime.h"
#include "daemon/bounce/notice.h"
#include "daemon/times/times.h"

namespace rastro {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Time kMidnight = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24);

TEST(MailDate, NamesItsZone) {
  const struct {
    const char* clock;
    Duration utc;
  } kCases[] = {{"10:12:00 +0100", hours(9) + minutes(12)},
                {"10:12:00 +0100 (CET)", hours(9) + minutes(12)},
                {"10:12:00 CET", hours(9) + minutes(12)},
                {"10:12 CEST", hours(8) + minutes(12)},
                {"10:12:00 (CET)", hours(9) + minutes(12)},
                {"10:12:00 GMT-3", hours(13) + minutes(12)},
                {"10:12:00 GMT+01:00", hours(9) + minutes(12)},
                {"10:12:00 UTC-0430", hours(14) + minutes(42)},
                {"10:12:00 ART", hours(13) + minutes(12)},
                {"10:12:00 GMT", hours(10) + minutes(12)},
                {"10:12:00 Z", hours(10) + minutes(12)},
                {"10:12:00 EST", hours(15) + minutes(12)}};
  const auto madrid = Zone::find("Europe/Madrid");
  ASSERT_TRUE(madrid);
  for (const auto& one : kCases) {
    const auto text = std::string("Tue, 24 Nov 2026 ") + one.clock;
    EXPECT_EQ(parse_mail_date(text), kMidnight + one.utc) << text;
    EXPECT_EQ(parse_mail_date(text, &*madrid), kMidnight + one.utc) << text;
  }
}

TEST(MailDate, WithoutAZoneIsThatOfWhoAsks) {
  const auto madrid = Zone::find("Europe/Madrid");
  ASSERT_TRUE(madrid);
  for (const std::string text : {"Tue, 24 Nov 2026 10:12:00", "Tue, 24 Nov 2026 10:12"}) {
    EXPECT_EQ(parse_mail_date(text), kMidnight + hours(10) + minutes(12)) << text;
    EXPECT_EQ(parse_mail_date(text, &*madrid), kMidnight + hours(9) + minutes(12)) << text;
  }
}

TEST(MailDate, OfAQuotationIsTheNotices) {
  const struct {
    const char* when;
    const char* date;
  } kCases[] = {{"El mar, 24 nov 2026 a las 14:30, ", "24 Nov 2026 14:30:00"},
                {"El mar, 24 ago 2026 a las 9:05, ", "24 Aug 2026 09:05:00"},
                {"El mar., 24 de nov. de 2026 2:30 p. m., ", "24 Nov 2026 14:30:00"},
                {"El 24 nov 2026, a las 14:30, ", "24 Nov 2026 14:30:00"},
                {"El 24/11/2026 a las 14:30, ", "24 Nov 2026 14:30:00"},
                {"On Tue, Nov 24, 2026 at 2:30 PM ", "24 Nov 2026 14:30:00"},
                {"On Tue, 24 Nov 2026 at 14:30, ", "24 Nov 2026 14:30:00"},
                {"El 3/4/2026 a las 14:30, ", ""},
                {"El martes, ", ""}};
  for (const auto& one : kCases) {
    const auto text =
        one.when + std::string(
                       "Mail Delivery Subsystem <mailer-daemon@example.org> escribi\xc3"
                       "\xb3:\n\nYour message was not delivered.\n");
    const auto notice = find_notice(text, false, text.size());
    EXPECT_EQ(header_value(notice.forwarded, "date"), one.date) << text;
  }
}

}  // namespace
}  // namespace rastro
