#include "parsers/registry.h"

#include "parsers/exim/exim.h"
#include "parsers/postfix/postfix.h"
namespace rastro {
Program find_program(std::string_view tag) {
  Program out;
  const auto slash = tag.rfind('/');
  if (slash != std::string_view::npos && slash > 0) {
    const auto agent = tag.substr(slash + 1);
    if (auto* parse = find_postfix_parser(agent))
      return {parse, Mta::postfix, tag.substr(0, tag.find('/')), agent};
  }
  if (tag == "exim" || tag == "exim4") return {parse_exim, Mta::exim, {}, "exim"};
  return out;
}
}  // namespace rastro
