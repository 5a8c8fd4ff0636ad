#pragma once

#include <string_view>

#include "core/event.h"
#include "parsers/parser.h"

namespace rastro {

// Who logs under a program name, and which function reads it.
struct Program {
  ParseFunction parse = nullptr;  // nullptr: foreign, a program that rastro does not read
  Mta mta = Mta::none;
  std::string_view instance;  // first part of a Postfix tag ("mx-in" of
                              // "mx-in/content-filter/smtp"); a view into the tag
  std::string_view agent;     // last part ("smtp"); "exim"; the companion's name
};

// `tag` is LineHeader::program. The one table to edit for a new program.
Program find_program(std::string_view tag);

}  // namespace rastro
