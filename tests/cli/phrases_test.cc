#include "cli/phrases.h"

#include <gtest/gtest.h>

namespace rastro::cli {
namespace {

struct PhraseCase {
  const char* name;
  const char* sentence;
  const char* want;
  friend void PrintTo(const PhraseCase& c, std::ostream* os) { *os << c.name; }
};
class Translate : public testing::TestWithParam<PhraseCase> {};
TEST_P(Translate, MatchesTable) {
  EXPECT_EQ(translate(Language::es, GetParam().sentence), GetParam().want);
}
const PhraseCase kPhrases[] = {
    {"no_place", "not read yet", "aún sin leer"},
    {"one_place", "arrived 4 min 10 s before that time", "llegó 4 min 10 s antes de esa hora"},
    {"two_places", "recipient juan@example.org is spelt almost like jaun@example.org",
     "el destinatario juan@example.org se escribe casi como jaun@example.org"},
    {"place_first", "7 clients were refused in that interval before they named an address",
     "en esas horas se rechazó a 7 clientes antes de que nombraran ninguna dirección"},
    {"address_repeats_the_end", "recipient \"x fits the pattern\"@example.org fits the pattern",
     "el destinatario \"x fits the pattern\"@example.org encaja con el patrón"},
    {"escaped", "sender \x1b[2J@example.org fits the pattern",
     "el remitente \\x1b[2J@example.org encaja con el patrón"},
    {"not_known", "the moon was in the way", "the moon was in the way"},
    {"not_known_escaped", "\x1b[2J", "\\x1b[2J"},
    {"more_behind_it", "not read yet, sorry", "not read yet, sorry"},
    {"nothing_in_the_place", "arrived  before that time", "arrived  before that time"},
    {"empty", "", ""},
};
INSTANTIATE_TEST_SUITE_P(, Translate, testing::ValuesIn(kPhrases),
                         [](const auto& tested) { return tested.param.name; });

TEST(TranslateIntoEnglish, EnglishIsLeftAsItIs) {
  EXPECT_EQ(translate(Language::en, "not read yet"), "not read yet");
}

}  // namespace
}  // namespace rastro::cli
