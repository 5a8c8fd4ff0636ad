#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace rastro {

// Removes what only says that a time is a rough one: "about", "around", "sobre", "a eso de".
void drop_vague_words(std::vector<std::string_view>& words);

// "7", "07", "seven", "siete"; 0 to 59.
std::optional<int> spoken_number(std::string_view word);

// A time of day in words: "half past two", "quarter to three", "at 2", "two o'clock", "las dos y
// media", "a las 3 menos cuarto", "two thirty", "las catorce treinta", "2:30 de la tarde", "ten in
// the morning". Since midnight. How many of the words at the front name one; 0: none. Lower case; a
// bare number is none. Without a part of the day, one to six are in the afternoon: nobody calls
// about half past two at night.
std::size_t take_spoken_clock(const std::vector<std::string_view>& words, Duration& since_midnight);

}  // namespace rastro
