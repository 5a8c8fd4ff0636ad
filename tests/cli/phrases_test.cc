#include "cli/phrases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

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
    {"no_time",
     "at: \"nunca\" is no time; allowed: RFC 3339 (2026-11-24T14:30:00Z), seconds since 1970, or "
     "words: \"14:30\", \"yesterday 14:30\", \"half past two\", \"24 nov 14:30\", \"2h ago\", "
     "\"ayer a las 14:30\", \"hace 2 horas\"",
     "at: \"nunca\" no es una hora; se admite \"14:30\", \"ayer a las 14:30\", \"las dos y "
     "media\", "
     "\"24 nov 14:30\", \"hace 2 horas\", RFC 3339 (2026-11-24T14:30:00Z) o segundos desde 1970"},
    {"to_come",
     "at: \"ma\xc3\xb1"
     "ana a las 9\" is still to come; name a time that has been",
     "at: \"ma\xc3\xb1"
     "ana a las 9\" todavía no ha llegado; indique una hora que ya haya "
     "pasado"},
    {"at_outside", "at: is not between since and until",
     "at: no est\xc3\xa1 entre --since y --until"},
    {"several_places",
     "outcome: \"delivred\" is unknown; did you mean delivered? allowed, one or several with "
     "commas: "
     "queued, delivered",
     "outcome: \"delivred\" no existe; \xc2\xbfquería decir delivered? Se admite, uno o varios con "
     "comas: queued, delivered"},
    {"no_parameter", "at: is no parameter of /v1/status; allowed: lines",
     "at: /v1/status no lo admite; se admite lines"},
    {"no_parameter_at_all", "at: is no parameter of /v1/alerts, which has none",
     "at: /v1/alerts no lo admite, ni ning\xc3\xban otro"},
    {"two_at", "recipient: is no address: it has two @ in a row; a domain alone is @example.org",
     "recipient: no es una direcci\xc3\xb3n: tiene dos @ seguidas; un dominio solo es "
     "@example.org"},
    {"role",
     "the role of uid 1001 is monitoring, which may not ask this; see api.operators in "
     "rastro.yaml(5)",
     "el usuario con uid 1001 tiene el papel monitoring, que no puede preguntar esto; v\xc3\xa9"
     "ase "
     "api.operators en rastro.yaml(5)"},
    {"busy", "too many questions wait for an answer; try again",
     "hay demasiadas preguntas en espera; int\xc3\xa9ntelo de nuevo"},
    {"goes_with_at", "within: goes with at", "within: solo sirve junto con --at"},
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

// What stands between the places of a text: "arrived {away} before that time".
void add_pieces(std::string_view text, std::set<std::string>& pieces) {
  while (true) {
    const auto place = text.find('{');
    pieces.emplace(text.substr(0, place));
    const auto end = place == std::string_view::npos ? place : text.find('}', place);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

// The string literals of a source file; neighbours are one literal, as the compiler has it.
void add_literals(const std::string& path, std::set<std::string>& literals) {
  std::ifstream file(std::string(RASTRO_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  const auto source = text.str();
  ASSERT_FALSE(source.empty()) << path;
  std::string literal;
  for (auto at = source.find('"'); at != std::string::npos; at = source.find('"', at)) {
    for (++at; at < source.size() && source[at] != '"'; ++at) {
      if (source[at] == '\\') ++at;
      literal += source[at];
    }
    ++at;
    const auto next = source.find_first_not_of(" \n", at);
    if (next != std::string::npos && source[next] == '"') continue;
    literals.insert(literal);
    add_pieces(literal, literals);
    literal.clear();
  }
}

// Whether the text can be put together from whole literals.
bool is_made_of(std::string_view text, const std::set<std::string>& literals) {
  std::vector<bool> reached(text.size() + 1, false);
  reached[0] = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!reached[at]) continue;
    for (const auto& literal : literals) {
      if (!literal.empty() && text.substr(at).starts_with(literal))
        reached[at + literal.size()] = true;
    }
  }
  return reached[text.size()];
}

// A sentence that the daemon changes must be changed in the catalogue too.
TEST(Phrases, AreMadeOfTheDaemonsWords) {
  std::set<std::string> literals;
  for (const auto* path :
       {"daemon/answer/coverage.cc", "daemon/answer/nearby.cc", "daemon/answer/rank.cc",
        "daemon/answer/find_request.cc", "daemon/answer/sentences.cc", "daemon/times/times.cc",
        "daemon/answer/typed.cc", "daemon/http/routes_summary.cc", "daemon/http/answer.cc",
        "daemon/http/routes_journeys.cc", "daemon/http/routes_reasons.cc", "daemon/http/router.cc",
        "daemon/http/session.cc", "daemon/http/api_server.cc", "cli/client.cc",
        "daemon/source/file_tail.cc", "daemon/source/raw_lines.cc", "store/writer_work.cc"}) {
    ASSERT_NO_FATAL_FAILURE(add_literals(path, literals));
  }
  // The C library's words.
  for (const auto error : {ENOENT, EACCES, EISDIR, ECONNREFUSED})
    literals.insert(std::strerror(error));
  EXPECT_FALSE(is_made_of("not read today", literals));
  for (std::size_t i = 0; i < kTextCount; ++i) {
    const auto id = static_cast<Text>(i);
    if (!text_key(id).starts_with("said_")) continue;
    auto rest = template_of(Language::en, id);
    while (!rest.empty()) {
      const auto place = rest.find('{');
      EXPECT_TRUE(is_made_of(rest.substr(0, place), literals)) << text_key(id);
      rest.remove_prefix(place == std::string_view::npos ? rest.size() : place + 3);
    }
  }
}

}  // namespace
}  // namespace rastro::cli
