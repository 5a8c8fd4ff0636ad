#pragma once

#include <string>
#include <string_view>

namespace rastro {

// What a mail program, a webmail or a script shows to who sends, as people paste it: the server
// that it sends through, the first of all, did not take the message.
enum class ProgramError : unsigned char {
  none,
  refused,    // ... for what it said
  login,      // ... because it let nobody in
  unreached,  // ... because the program did not get to it
};

ProgramError program_error(std::string_view text);

// The account whose login was refused: named as such, else the only address in the text.
std::string account_of(std::string_view text);

}  // namespace rastro
