#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace rastro {

// A time as a person typed or pasted it, with one spelling for what means the same: lower case
// without accents, plain blanks, digits and dashes, "pm" for "p. m.", "28 nov" for "28-nov", no
// quotes around it and no full stop behind it.
std::string tidy_time_words(std::string_view text);

// Lower case, without the accents of Spanish: "MIÉRCOLES" is "miercoles".
std::string without_accents(std::string_view text);

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> names);

// Whether it is a month's name or its short form in English or Spanish; 1 to 12, else 0.
int month_number(std::string_view word);

}  // namespace rastro
