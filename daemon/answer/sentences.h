#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

namespace rastro {

// What answers say in sentences, each under a code that is API: why "it never reached this server"
// may be said or not, and why a log has a hole.
struct Sentence {
  std::string_view code;
  std::string text;
};

// `code` of the sentences in sentences.cc; `detail` is put in where the sentence has a place.
std::string sentence(std::string_view code, Language language, std::string_view detail = {});

// The cause of a hole as it is stored, in English. One that is not known there keeps its words
// under the code "other": what a log or the system said.
Sentence cause_of_hole(std::string_view stored, Language language);

}  // namespace rastro
