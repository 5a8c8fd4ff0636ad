#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "core/clock.h"

namespace rastro {

// A calendar day and a time of day in some zone.
struct ToldTime {
  std::chrono::year_month_day day;
  int hour = 0;
  int minute = 0;
};

// "14:40", "14:40 on 24 November"; "las 14:40", "el 24 de noviembre a las 14:40".
class ToldClock {
 public:
  // `zone`: an IANA name; empty: this machine's. Times of the day of `now` have no date.
  ToldClock(Language language, std::string zone, Time now);
  // Behind "since", "about"; `at`: alone, as in "(a las 14:40)". "" for no time.
  std::string tell(const std::optional<Time>& time, bool at) const;

 private:
  Language language_;
  std::string zone_;
  std::optional<ToldTime> today_;
};

using ToldValues = std::map<std::string_view, std::string>;

// Whether there is a value for each {name} of a form.
bool has_all(std::string_view form, const ToldValues& values);

// Puts the values in; without what stands in [[...]] when a value in it is missing. What is put in
// is never looked at again: strangers wrote it.
std::string fill(std::string_view text, const ToldValues& values);

}  // namespace rastro
