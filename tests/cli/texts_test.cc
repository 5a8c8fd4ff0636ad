#include "cli/texts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/journey.h"
#include "core/reason.h"

namespace rastro::cli {
namespace {

std::multiset<char> places_of(std::string_view words) {
  std::multiset<char> places;
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    if (words[i] == '{' && words[i + 2] == '}') places.insert(words[i + 1]);
  }
  return places;
}

std::vector<Text> all_texts() {
  std::vector<Text> out;
  for (std::size_t i = 0; i < kTextCount; ++i) out.push_back(static_cast<Text>(i));
  return out;
}

TEST(Texts, EachStandsInBothLanguages) {
  for (const auto id : all_texts()) {
    EXPECT_FALSE(template_of(Language::en, id).empty()) << text_key(id);
    EXPECT_FALSE(template_of(Language::es, id).empty()) << text_key(id);
  }
}

TEST(Texts, BothLanguagesHaveTheSamePlaces) {
  for (const auto id : all_texts()) {
    EXPECT_EQ(places_of(template_of(Language::en, id)), places_of(template_of(Language::es, id)))
        << text_key(id);
  }
}

TEST(Texts, KeysAreUnique) {
  std::set<std::string_view> keys;
  for (const auto id : all_texts()) EXPECT_TRUE(keys.insert(text_key(id)).second) << text_key(id);
}

TEST(Texts, TwelveMonths) {
  for (const auto language : {Language::en, Language::es}) {
    const auto names = template_of(language, Text::months);
    EXPECT_EQ(std::ranges::count(names, ' '), 11);
  }
}

// The names are the API's; one that is new there must get words here.
TEST(Texts, EveryNameOfTheModelHasWords) {
  for (std::size_t i = 1; i < kReasonCount; ++i) {
    const auto name = reason_name(static_cast<Reason>(i));
    EXPECT_TRUE(find_text("reason_", name)) << name;
  }
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Outcome::passed); ++i) {
    const auto name = outcome_name(static_cast<Outcome>(i));
    EXPECT_TRUE(find_text("outcome_", name)) << name;
    if (name != "passed") {
      EXPECT_TRUE(find_text("outcomes_", name)) << name;
    }
  }
  for (std::size_t i = 1; i <= static_cast<std::size_t>(SubmissionMethod::bounce); ++i) {
    const auto name = submission_method_name(static_cast<SubmissionMethod>(i));
    EXPECT_TRUE(find_text("method_", name)) << name;
  }
  for (std::size_t i = 0; i <= static_cast<std::size_t>(LegLink::Kind::session); ++i) {
    const auto name = std::string(link_kind_name(static_cast<LegLink::Kind>(i)));
    EXPECT_TRUE(find_text("link_parent_", name)) << name;
    EXPECT_TRUE(find_text("link_child_", name)) << name;
  }
  for (std::size_t i = 0; i <= static_cast<std::size_t>(TimelineEntry::Kind::host_failure); ++i) {
    const auto kind = static_cast<TimelineEntry::Kind>(i);
    if (kind == TimelineEntry::Kind::attempt) continue;  // told by its outcome
    EXPECT_TRUE(find_text("timeline_", timeline_kind_name(kind))) << timeline_kind_name(kind);
  }
  for (std::size_t i = 1; i <= static_cast<std::size_t>(UnknownBecause::no_end_logged); ++i) {
    const auto name = unknown_because_name(static_cast<UnknownBecause>(i));
    EXPECT_TRUE(find_text("unknown_", name)) << name;
  }
  for (const auto where :
       {DeliveredTo::mailbox, DeliveredTo::remote, DeliveredTo::program, DeliveredTo::file}) {
    EXPECT_TRUE(find_text("where_", delivered_to_name(where))) << delivered_to_name(where);
  }
}

TEST(Texts, PlacesAreFilledAndTheRestIsLeftAlone) {
  EXPECT_EQ(say(Language::es, Text::time_ago, {"2 horas"}), "hace 2 horas");
  EXPECT_EQ(say(Language::en, Text::list_of_about, {"50", "1,240"}), "50 of about 1,240 messages.");
  // An argument is not searched for places: it may be a stranger's.
  EXPECT_EQ(say(Language::en, Text::show_message, {"{0}{1}"}), "Message {0}{1}");
  EXPECT_EQ(say(Language::en, Text::show_message), "Message ");
  EXPECT_EQ(find_text("outcome_", "teleported"), std::nullopt);
  EXPECT_EQ(find_text("outcome_", ""), std::nullopt);
}

struct LocaleCase {
  const char* name;
  const char* lc_all;
  const char* lc_messages;
  const char* lang;
  Language want;
  friend void PrintTo(const LocaleCase& c, std::ostream* os) { *os << c.name; }
};
class LanguageOfLocale : public testing::TestWithParam<LocaleCase> {
 protected:
  static void set(const char* name, const char* value) {
    if (value == nullptr) {
      unsetenv(name);
    } else {
      setenv(name, value, 1);
    }
  }
};
TEST_P(LanguageOfLocale, FollowsPosixOrder) {
  set("LC_ALL", GetParam().lc_all);
  set("LC_MESSAGES", GetParam().lc_messages);
  set("LANG", GetParam().lang);
  EXPECT_EQ(language_of_locale(), GetParam().want);
}
const LocaleCase kLocales[] = {
    {"nothing_set", nullptr, nullptr, nullptr, Language::en},
    {"lang_alone", nullptr, nullptr, "es_ES.UTF-8", Language::es},
    {"mexico", nullptr, nullptr, "es_MX.UTF-8", Language::es},
    {"bare", nullptr, nullptr, "es", Language::es},
    {"modifier", nullptr, nullptr, "es@euro", Language::es},
    {"messages_before_lang", nullptr, "es_ES.UTF-8", "en_GB.UTF-8", Language::es},
    {"all_before_messages", "en_GB.UTF-8", "es_ES.UTF-8", "es_ES.UTF-8", Language::en},
    {"empty_is_not_set", "", "", "es_AR", Language::es},
    {"c_is_english", "C", nullptr, "es_ES.UTF-8", Language::en},
    {"estonian_is_not_spanish", nullptr, nullptr, "est_EE", Language::en},
    {"other_language", nullptr, nullptr, "de_DE.UTF-8", Language::en},
};
INSTANTIATE_TEST_SUITE_P(, LanguageOfLocale, testing::ValuesIn(kLocales),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace rastro::cli
