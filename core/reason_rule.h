#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/reason.h"

namespace rastro {

// One line of reasons.yaml. A rule with patterns is asked of the masked reply; one without decides
// by the codes alone, and only when no text rule did. All conditions that are set must hold.
struct ReasonRule {
  // RFC 3463 code with open places: "5.1.x", "x.2.2".
  struct StatusPattern {
    std::optional<std::uint8_t> klass;
    std::optional<std::uint16_t> subject;
    std::optional<std::uint16_t> detail;
  };

  std::string name;      // for people and tests; unique within one file
  std::string provider;  // whose replies it knows; empty: anybody's
  Reason reason = Reason::other;
  std::vector<std::string> patterns;  // RE2, case does not count, any of them anywhere in the text
  std::optional<std::uint8_t> klass;  // 4 or 5: of the enhanced status, else of the reply code
  std::optional<std::uint16_t> code;  // SMTP reply code
  bool without_code = false;          // only texts with no reply code: the MTA's own words
  std::optional<StatusPattern> status;  // enhanced status
  bool guess = false;                   // its words say nothing: answers call the reason a guess
  bool vague = false;                   // its words fit several reasons: the others are weighed too
  std::vector<std::string> samples;     // replies that this very rule decides

  // Where it stands in its file, both from 1; 0: in none.
  int line = 0;
  int column = 0;
};

}  // namespace rastro
