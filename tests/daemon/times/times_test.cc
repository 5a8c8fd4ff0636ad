#include "daemon/times/times.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace rastro {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

Time utc(int year, unsigned month, unsigned day, Duration clock) {
  return sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)) +
         clock;
}

// Wednesday, 2026-11-25 15:00 in Madrid, which is an hour ahead of UTC then.
const Time kNow = utc(2026, 11, 25, 14h);

std::optional<SpokenTime> parse(const std::string& text, Time now = kNow,
                                const char* zone = "Europe/Madrid") {
  return parse_spoken_time(text, now, *Zone::find(zone));
}

struct Spoken {
  const char* text;
  Time at;
  Duration span{0};
};

class SpokenTimes : public testing::TestWithParam<Spoken> {};

TEST_P(SpokenTimes, MeanWhatPeopleMean) {
  const auto& row = GetParam();
  const auto parsed = parse(row.text);
  ASSERT_TRUE(parsed) << row.text;
  EXPECT_EQ(parsed->from, row.at) << row.text;
  EXPECT_EQ(parsed->span, row.span) << row.text;
}

INSTANTIATE_TEST_SUITE_P(
    Forms, SpokenTimes,
    testing::Values(
        Spoken{"2026-11-24T01:40:29.123456Z", utc(2026, 11, 24, 1h + 40min + 29s + 123456us)},
        Spoken{"2026-11-24T01:40:29+02:00", utc(2026, 11, 23, 23h + 40min + 29s)},
        Spoken{"2026-11-24T01:40:29 02:00", utc(2026, 11, 23, 23h + 40min + 29s)},
        Spoken{"2026-11-24T01:40:29-0330", utc(2026, 11, 24, 5h + 10min + 29s)},
        Spoken{"2026-11-24 14:30", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"1764000000", Time(1764000000s)}, Spoken{"1764000000.25", Time(1764000000s + 250ms)},
        Spoken{"now", kNow}, Spoken{"ahora", kNow}, Spoken{"14:30", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"14h30", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"2:30pm", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"2:30 PM", utc(2026, 11, 25, 13h + 30min)}, Spoken{"9am", utc(2026, 11, 25, 8h)},
        Spoken{"14.30", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"2.30pm", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"a las 14.10", utc(2026, 11, 25, 13h + 10min)},
        Spoken{"a las 14.30h", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"a las 14 horas", utc(2026, 11, 25, 13h)},
        Spoken{"12.11", utc(2026, 11, 25, 11h + 11min)},  // that day is long ago
        Spoken{"half two", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"MI\xc3\x89RCOLES 14:30", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"el lunes pasado", utc(2026, 11, 22, 23h), 24h},
        Spoken{"antes de ayer 14:30", utc(2026, 11, 23, 13h + 30min)},
        Spoken{"martes 24 de noviembre 14:30", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"since monday", utc(2026, 11, 22, 23h), 63h},
        Spoken{"desde ayer", utc(2026, 11, 23, 23h), 39h},
        Spoken{"esta ma\xc3\xb1"
               "ana",
               utc(2026, 11, 25, 5h), 6h},
        Spoken{"this morning", utc(2026, 11, 25, 5h), 6h},
        Spoken{"ayer por la tarde", utc(2026, 11, 24, 11h), 9h},
        Spoken{"yesterday afternoon", utc(2026, 11, 24, 11h), 6h},
        Spoken{"el lunes por la tarde", utc(2026, 11, 23, 11h), 9h},
        Spoken{"this evening", utc(2026, 11, 24, 17h), 6h},  // still to come today
        Spoken{"anoche", utc(2026, 11, 24, 19h), 10h},
        Spoken{"last night", utc(2026, 11, 24, 19h), 10h},
        Spoken{"anoche a las 11", utc(2026, 11, 24, 22h)},
        Spoken{"last night at 2", utc(2026, 11, 25, 1h)},
        Spoken{"ayer por la tarde a las 3", utc(2026, 11, 24, 14h)},
        Spoken{"ayer por la ma\xc3\xb1"
               "ana a las 9",
               utc(2026, 11, 24, 8h)},
        Spoken{"yesterday morning at 9:15", utc(2026, 11, 24, 8h + 15min)},
        Spoken{"hace hora y media", kNow - 90min}, Spoken{"hace 1 hora y media", kNow - 90min},
        Spoken{"an hour and a half ago", kNow - 90min},
        Spoken{"hace 1 hora y 10 minutos", kNow - 70min},
        Spoken{"Tue, 24 Nov 2026 14:30:00 +0200", utc(2026, 11, 24, 12h + 30min)},
        Spoken{"Tue, 24 Nov 2026 14:30:00  0200", utc(2026, 11, 24, 12h + 30min)},
        Spoken{"Tue, 24 Nov 2026 14:30:00 -0330 (NDT)", utc(2026, 11, 24, 18h)},
        Spoken{"24 Nov 2026 14:30:00 GMT", utc(2026, 11, 24, 14h + 30min)},
        Spoken{"16:00", utc(2026, 11, 24, 15h)},  // still to come today
        Spoken{"yesterday 14:30", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"14:30 yesterday", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"ayer 14:30", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"ayer a las 14:30", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"Ayer a las 14:30h", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"anteayer 8:05:30", utc(2026, 11, 23, 7h + 5min + 30s)},
        Spoken{"today at 9:00", utc(2026, 11, 25, 8h)}, Spoken{"hoy 9:00", utc(2026, 11, 25, 8h)},
        Spoken{"24 nov 14:30", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"nov 24, 14:30", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"24 de noviembre de 2025 14:30", utc(2025, 11, 24, 13h + 30min)},
        Spoken{"24/11 14:30", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"24.11.2026 14:30", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"26 nov 14:30", utc(2025, 11, 26, 13h + 30min)},  // not in the future
        Spoken{"monday 9:00", utc(2026, 11, 23, 8h)},
        Spoken{"el lunes a las 9:00", utc(2026, 11, 23, 8h)},
        Spoken{"mi\xc3\xa9rcoles 9:00", utc(2026, 11, 25, 8h)},
        Spoken{"2h ago", utc(2026, 11, 25, 12h)}, Spoken{"2h", utc(2026, 11, 25, 12h)},
        Spoken{"1h30m ago", utc(2026, 11, 25, 12h + 30min)},
        Spoken{"2 hours ago", utc(2026, 11, 25, 12h)},
        Spoken{"an hour ago", utc(2026, 11, 25, 13h)},
        Spoken{"half past two", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"at about half past two", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"a quarter to three yesterday", utc(2026, 11, 24, 13h + 45min)},
        Spoken{"ten past 9", utc(2026, 11, 25, 8h + 10min)},
        Spoken{"two o'clock", utc(2026, 11, 25, 13h)},
        Spoken{"yesterday at two in the morning", utc(2026, 11, 24, 1h)},
        Spoken{"around 14:30", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"a las 2 y media", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"las dos y media", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"sobre las 14:30", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"ayer a eso de las tres menos cuarto", utc(2026, 11, 24, 13h + 45min)},
        Spoken{"ayer a las doce menos veinte de la noche", utc(2026, 11, 24, 22h + 40min)},
        Spoken{"the day before yesterday at 14:45", utc(2026, 11, 23, 13h + 45min)},
        Spoken{"2:30 de la tarde", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"2:30 de la madrugada", utc(2026, 11, 25, 1h + 30min)},
        Spoken{"ayer a las 9 de la noche", utc(2026, 11, 24, 20h)},
        Spoken{"ayer a las 12 de la ma\xc3\xb1"
               "ana",
               utc(2026, 11, 24, 11h)},
        Spoken{"a las 14", utc(2026, 11, 25, 13h)}, Spoken{"hace 2 horas", utc(2026, 11, 25, 12h)},
        Spoken{"hace 90 min", utc(2026, 11, 25, 12h + 30min)},
        Spoken{"hace una hora", utc(2026, 11, 25, 13h)},
        Spoken{"hace media hora", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"hace 1 d\xc3\xad"
               "a",
               utc(2026, 11, 24, 14h)},
        Spoken{"yesterday", utc(2026, 11, 23, 23h), 24h},
        Spoken{"2026-11-24", utc(2026, 11, 23, 23h), 24h},
        Spoken{"1430", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"930", utc(2026, 11, 25, 8h + 30min)},
        Spoken{"2.30 p.m.", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"2:30 p. m.", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"14:30hs.", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"14 hs", utc(2026, 11, 25, 0h)},  // a length of time; see the parameter `at`
        Spoken{"~14:30?", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"\"14:30\"", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"\xef\xbc\x91\xef\xbc\x94\xef\xbc\x9a\xef\xbc\x93\xef\xbc\x90",  // wide digits
               utc(2026, 11, 25, 13h + 30min)},
        Spoken{"a las\xc2\xa0"
               "14:30\xe2\x80\x8b",
               utc(2026, 11, 25, 13h + 30min)},
        Spoken{"around 2ish", utc(2026, 11, 25, 13h)},
        Spoken{"tipo 2 de la tarde", utc(2026, 11, 25, 13h)},
        Spoken{"two thirty", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"las catorce treinta y cinco", utc(2026, 11, 25, 13h + 35min)},
        Spoken{"al mediod\xc3\xad"
               "a",
               utc(2026, 11, 25, 11h)},
        Spoken{"14:30 UTC", utc(2026, 11, 24, 14h + 30min)},
        Spoken{"28-oct", utc(2026, 10, 27, 23h), 24h}, Spoken{"11/24", utc(2026, 11, 23, 23h), 24h},
        Spoken{"24/11/26 14:30", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"11/12", utc(2025, 12, 10, 23h), 24h},       // the day comes first
        Spoken{"wednesday 16:00", utc(2026, 11, 18, 15h)},  // still to come today
        Spoken{"between 2 and 3", utc(2026, 11, 25, 13h), 1h},
        Spoken{"entre las 2 y las 3", utc(2026, 11, 25, 13h), 1h},
        Spoken{"entre las 2 y media y las 3 y media", utc(2026, 11, 25, 13h + 30min), 1h},
        Spoken{"de 9 a 10 de la ma\xc3\xb1"
               "ana",
               utc(2026, 11, 25, 8h), 1h},
        Spoken{"ayer entre las 9 y las 11", utc(2026, 11, 24, 8h), 2h},
        Spoken{"entre las 2 y las 3 de ayer", utc(2026, 11, 24, 13h), 1h},
        Spoken{"from 2 to 4pm", utc(2026, 11, 25, 13h), 2h},
        Spoken{"between 9 and 16:30", utc(2026, 11, 25, 8h), 7h + 30min},  // its end is to come
        Spoken{"entre las 11 de la noche y la 1", utc(2026, 11, 24, 22h), 2h},
        Spoken{"between 11 pm and 1", utc(2026, 11, 24, 22h), 2h},
        Spoken{"14:00-14:30", utc(2026, 11, 25, 13h), 30min},
        Spoken{"yesterday 14:00 - 14:30", utc(2026, 11, 24, 13h), 30min},
        Spoken{"desde ayer a las 9", utc(2026, 11, 24, 8h), 30h},
        Spoken{"desde las dos", utc(2026, 11, 25, 13h), 1h},
        Spoken{"1430 hrs", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"900 horas", utc(2026, 11, 25, 8h)},
        Spoken{"last wednesday", utc(2026, 11, 17, 23h), 24h},
        Spoken{"el miércoles pasado", utc(2026, 11, 17, 23h), 24h},
        Spoken{"hace un par de horas", kNow - 3h, 2h},
        Spoken{"a couple of hours ago", kNow - 3h, 2h},
        Spoken{"a few minutes ago", kNow - 30min, 30min},
        Spoken{"hace unos 20 minutos", kNow - 20min}, Spoken{"hace tres horas", kNow - 3h},
        Spoken{"dos horas atr\xc3\xa1s", kNow - 2h}, Spoken{"hace rato", kNow - 6h, 6h},
        Spoken{"just now", kNow - 15min, 15min}, Spoken{"the last two hours", kNow - 2h, 2h},
        Spoken{"la \xc3\xbaltima media hora", kNow - 30min, 30min},
        Spoken{"hace un cuarto de hora", kNow - 15min},
        Spoken{"1764000000123", Time(1764000000123ms)},
        Spoken{"las nueve y pico", utc(2026, 11, 25, 7h + 45min), 75min},
        Spoken{"a las 9 y algo de la ma\xc3\xb1"
               "ana",
               utc(2026, 11, 25, 7h + 45min), 75min},
        Spoken{"ayer a las tres y pico", utc(2026, 11, 24, 13h + 45min), 75min},
        Spoken{"las nueve pasadas de la noche", utc(2026, 11, 24, 19h + 45min), 75min},
        Spoken{"pasada la medianoche", utc(2026, 11, 24, 22h + 45min), 75min},
        Spoken{"just before noon", utc(2026, 11, 25, 10h + 15min), 1h},
        Spoken{"shortly after three yesterday", utc(2026, 11, 24, 13h + 45min), 1h},
        Spoken{"a bit past nine", utc(2026, 11, 25, 7h + 45min), 1h},
        Spoken{"just before 10 this morning", utc(2026, 11, 25, 8h + 15min), 1h},
        Spoken{"un poco antes de las dos y media", utc(2026, 11, 25, 12h + 45min), 1h},
        Spoken{"antes de las 10", utc(2026, 11, 25, 7h), 135min},
        Spoken{"pasado el mediod\xc3\xad"
               "a",
               utc(2026, 11, 25, 10h + 45min), 135min},
        Spoken{"after 9am", utc(2026, 11, 25, 7h + 45min), 135min},
        Spoken{"esta ma\xc3\xb1"
               "ana a primera hora",
               utc(2026, 11, 25, 5h), 6h},
        Spoken{"a primera hora de la tarde", utc(2026, 11, 25, 11h), 9h},
        Spoken{"a \xc3\xbaltima hora de la tarde de ayer", utc(2026, 11, 24, 11h), 9h},
        Spoken{"a media ma\xc3\xb1"
               "ana",
               utc(2026, 11, 25, 5h), 6h},
        Spoken{"first thing this morning", utc(2026, 11, 25, 5h), 6h},
        Spoken{"first thing yesterday", utc(2026, 11, 24, 5h), 6h},
        Spoken{"mid-afternoon yesterday", utc(2026, 11, 24, 11h), 6h},
        Spoken{"early afternoon", utc(2026, 11, 25, 11h), 6h},
        Spoken{"in the morning", utc(2026, 11, 25, 5h), 6h},
        Spoken{"por la noche", utc(2026, 11, 24, 19h), 10h},
        Spoken{"around lunchtime", utc(2026, 11, 25, 11h), 2h},
        Spoken{"ayer a la hora de comer", utc(2026, 11, 24, 12h), 3h},
        Spoken{"despu\xc3\xa9s de comer", utc(2026, 11, 25, 12h), 5h},
        Spoken{"har\xc3\xa1 unas dos horas", utc(2026, 11, 25, 12h)},
        Spoken{"hace cosa de una hora", utc(2026, 11, 25, 13h)},
        Spoken{"almost two hours ago", utc(2026, 11, 25, 12h)},
        Spoken{"about an hour or so ago", utc(2026, 11, 25, 13h)},
        Spoken{"an hour or two ago", utc(2026, 11, 25, 11h + 30min), 2h},
        Spoken{"hace dos o tres horas", utc(2026, 11, 25, 10h + 30min), 2h},
        Spoken{"a las 2 o as\xc3\xad", utc(2026, 11, 25, 13h)},
        Spoken{"por ah\xc3\xad de las 2", utc(2026, 11, 25, 13h)},
        Spoken{"cinco para las tres", utc(2026, 11, 25, 13h + 55min)},
        Spoken{"un cuarto para las tres", utc(2026, 11, 25, 13h + 45min)},
        Spoken{"this afternoon at around 2ish", utc(2026, 11, 25, 13h)},
        Spoken{"noonish", utc(2026, 11, 25, 11h)},
        Spoken{"at 14:30ish", utc(2026, 11, 25, 13h + 30min)},
        Spoken{"between 2 and 3 this afternoon", utc(2026, 11, 25, 13h), 1h},
        Spoken{"las 10 de esta ma\xc3\xb1"
               "ana",
               utc(2026, 11, 25, 9h)},
        Spoken{"a las once anoche", utc(2026, 11, 24, 22h)},
        Spoken{"at 11 last night", utc(2026, 11, 24, 22h)},
        Spoken{"ayer 14 horas", utc(2026, 11, 24, 13h)}, Spoken{"ayer 9 h", utc(2026, 11, 24, 8h)},
        Spoken{"15.00", utc(2026, 11, 25, 14h)}, Spoken{"a las 15.00h", utc(2026, 11, 25, 14h)},
        Spoken{"the 24th of november", utc(2026, 11, 23, 23h), 24h},
        Spoken{"november 24th, 14:30", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"on the 24th at 14:30", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"el 24 a las 14:30", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"el d\xc3\xad"
               "a 24",
               utc(2026, 11, 23, 23h), 24h},
        Spoken{"14:30 del 24", utc(2026, 11, 24, 13h + 30min)},
        Spoken{"el 31", utc(2026, 10, 30, 23h), 24h},  // the last month that has one
        Spoken{"hace una semana", kNow - 168h}, Spoken{"2 weeks ago", kNow - 336h},
        Spoken{"la semana pasada", kNow - 336h, 336h}, Spoken{"hace un mes", kNow - 720h},
        // The day on which summer time ended has 25 hours.
        Spoken{"25 oct", utc(2026, 10, 24, 22h), 25h}));

// "9.12" is a time of day, or a day: whichever somebody may ask about.
INSTANTIATE_TEST_SUITE_P(
    PointsAndCommas, SpokenTimes,
    testing::Values(Spoken{"9.12", utc(2026, 11, 25, 8h + 12min)},
                    Spoken{"10.02", utc(2026, 11, 25, 9h + 2min)},
                    Spoken{"9.12h", utc(2026, 11, 25, 8h + 12min)},
                    Spoken{"9.12am", utc(2026, 11, 25, 8h + 12min)},
                    Spoken{"9,30", utc(2026, 11, 25, 8h + 30min)},
                    Spoken{"a las 9.12", utc(2026, 11, 25, 8h + 12min)},
                    Spoken{"ayer 9.12", utc(2026, 11, 24, 8h + 12min)},
                    Spoken{"18.05 yesterday", utc(2026, 11, 24, 17h + 5min)},
                    Spoken{"lunes 9.12", utc(2026, 11, 23, 8h + 12min)},
                    Spoken{"20.11", utc(2026, 11, 19, 23h), 24h},  // a day of last week
                    Spoken{"el 9.11", utc(2026, 11, 8, 23h), 24h},
                    Spoken{"9.11 9.12", utc(2026, 11, 9, 8h + 12min)},
                    Spoken{"9.11 14:30", utc(2026, 11, 9, 13h + 30min)},
                    Spoken{"2.30 de la tarde", utc(2026, 11, 25, 13h + 30min)},
                    Spoken{"entre 9.10 y 9.20", utc(2026, 11, 25, 8h + 10min), 10min},
                    Spoken{"de 9.10 a 9.12", utc(2026, 11, 25, 8h + 10min), 2min},
                    Spoken{"9.10 - 9.20", utc(2026, 11, 25, 8h + 10min), 10min},
                    Spoken{"9.01-9.30", utc(2026, 11, 25, 8h + 1min), 29min},
                    Spoken{"9-10", utc(2026, 11, 25, 8h), 1h},
                    Spoken{"ayer 9-10", utc(2026, 11, 24, 8h), 1h},
                    Spoken{"24-11", utc(2026, 11, 23, 23h), 24h},
                    Spoken{"el 9-10", utc(2026, 10, 8, 22h), 24h}));

INSTANTIATE_TEST_SUITE_P(
    DaysBehind, SpokenTimes,
    testing::Values(Spoken{"a las 6 de la tarde de ayer", utc(2026, 11, 24, 17h)},
                    Spoken{"6 y 5 de la tarde de ayer", utc(2026, 11, 24, 17h + 5min)},
                    Spoken{"9 de la noche del lunes", utc(2026, 11, 23, 20h)},
                    Spoken{"las once y media de la ma\xc3\xb1"
                           "ana de hoy",
                           utc(2026, 11, 25, 10h + 30min)},
                    Spoken{"ayer de noche", utc(2026, 11, 24, 19h), 10h},
                    Spoken{"media tarde de ayer", utc(2026, 11, 24, 11h), 9h},
                    Spoken{"hoy temprano", utc(2026, 11, 25, 5h), 6h},
                    Spoken{"el lunes 23 a las 18:05", utc(2026, 11, 23, 17h + 5min)},
                    Spoken{"lunes 23", utc(2026, 11, 22, 23h), 24h},
                    Spoken{"a partir de las 2", utc(2026, 11, 25, 13h), 1h},
                    Spoken{"hace 1h20", kNow - 80min}, Spoken{"hace ya un rato", kNow - 6h, 6h},
                    Spoken{"9 aprox.", utc(2026, 11, 25, 8h)},
                    Spoken{"tipo 9", utc(2026, 11, 25, 8h)},
                    Spoken{"faltando 10 para las 12", utc(2026, 11, 25, 10h + 50min)}));

class NoTimes : public testing::TestWithParam<const char*> {};

TEST_P(NoTimes, AreRefused) { EXPECT_FALSE(parse(GetParam())) << GetParam(); }

INSTANTIATE_TEST_SUITE_P(
    Forms, NoTimes,
    testing::Values("", " ", "14", "25:00", "14:60", "2026-13-01", "2026-02-30", "31 nov",
                    "30 feb 14:30", "soon", "ago", "hace", "2x ago", "14:30 15:30",
                    "yesterday today", "14:30 foo", "2026-11-24T01:40:29+2",
                    "2026-11-24T01:40:29Zjunk", "99999999999999", "13pm", "0:30pm", "a",
                    "half past", "half past noon", "a las", "a las 24", "a las 2 y", "dos", "two",
                    "y media", "2 y setenta", "las 25 y media", "about", "sobre las",
                    "half past two and a half", "between 2", "entre y", "manana", "tarde", "before",
                    "antes de", "y pico", "after yesterday", "just after", "de 2 a", "a las -2",
                    "1h30x", "2026-11-24T1:40:29Z", "el 32", "el", "ayer 25 horas", "24th of",
                    "lunes 24",
                    "ma\xc3\xb1"
                    "ana a las 9",
                    "hace 1.30", "10,5", "192.0", "24.30"));

TEST(Zone, TheHourThatComesTwiceIsTheFirst) {
  const auto madrid = *Zone::find("Europe/Madrid");
  const auto parsed = parse_spoken_time("25 oct 2:30", utc(2026, 11, 25, 14h), madrid);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->from, utc(2026, 10, 25, 30min));  // 02:30 summer time
}

TEST(Zone, TheHourThatNeverWasIsItsEnd) {
  const auto madrid = *Zone::find("Europe/Madrid");
  const auto parsed = parse_spoken_time("29/3/2026 2:30", utc(2026, 11, 25, 14h), madrid);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->from, utc(2026, 3, 29, 1h));
}

TEST(Zone, UnknownNamesAreRefused) {
  EXPECT_FALSE(Zone::find("Europe/Atlantis"));
  EXPECT_FALSE(Zone::find("../../etc/passwd"));
}

TEST(SpokenDuration, Forms) {
  EXPECT_EQ(parse_spoken_duration("30m"), 30min);
  EXPECT_EQ(parse_spoken_duration("90 s"), 90s);
  EXPECT_EQ(parse_spoken_duration("2 horas"), 2h);
  EXPECT_EQ(parse_spoken_duration("30"), std::nullopt);
  EXPECT_EQ(parse_spoken_duration("m"), std::nullopt);
  EXPECT_EQ(parse_spoken_duration("-5m"), std::nullopt);
}

}  // namespace
}  // namespace rastro
