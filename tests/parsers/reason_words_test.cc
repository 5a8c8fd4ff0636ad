#include "parsers/reason_words.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <sstream>

#include "config/reason_rules.h"
#include "parsers/reason_classifier.h"
#include "tests/replies/labelled.h"

namespace rastro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> words_in(std::string_view text) {
  std::vector<std::string> out;
  ReasonWords::words_of(text, [&out](std::string_view word) { out.emplace_back(word); });
  return out;
}

TEST(ReasonWords, AreTheFirstLettersOfEach) {
  EXPECT_THAT(words_in("550 rejected: sorry, spammers' box2"),
              ElementsAre("rejec", "sorry", "spamm", "box2"));
  EXPECT_THAT(words_in("see list.a-b/c 12 x"), ElementsAre("see", "list"));
  // Four letters of Cyrillic have eight bytes; of what is written without blanks, each two.
  EXPECT_THAT(words_in("ящик переполнен"), ElementsAre("ящик", "пере"));
  EXPECT_THAT(words_in("用户不存在"), ElementsAre("用户", "户不", "不存", "存在"));
}

TEST(ReasonWords, TakeAnyBytes) {
  for (const std::string_view text :
       {"\xff", "\xe4", "\xe4\xb8", "a\xe4", "\xc3", "\xf0\x9f\x98\x80\xf0"}) {
    for (const auto& word : words_in(text)) {
      EXPECT_LE(word.size(), ReasonWords::kWordBytesMax);
    }
  }
}

TEST(ReasonWords, AddUpToAnOpinion) {
  const auto words = ReasonWords::parse(
      "# a comment\nword\tspam_content\tmailbox_full\n*\t5\njunk\t40\t-20\nfull\t\t48\n5xx\t\t3\n");
  ASSERT_TRUE(words) << words.error().message;
  const auto ask = [&](std::string_view text, std::optional<Reason> leaning = std::nullopt) {
    return (*words)->weigh(text, 550, std::nullopt, leaning, 16);
  };
  EXPECT_EQ(ask("550 this is junk")->reason, Reason::spam_content);
  EXPECT_GT(ask("550 this is junk")->likelihood, 0.9);
  EXPECT_EQ(ask("550 full")->reason, Reason::mailbox_full);
  EXPECT_EQ(ask("550 junk is full of junk")->reason, Reason::spam_content);  // once each: 45 to 31
  EXPECT_EQ(ask("550 junk is full", Reason::mailbox_full)->reason, Reason::mailbox_full);
  EXPECT_FALSE(ask("550 nothing known"));
  EXPECT_FALSE(ask(""));
  EXPECT_THAT((*words)->heard_for(Reason::mailbox_full, "550 full", 550, std::nullopt),
              ElementsAre("full", "5xx"));
}

TEST(ReasonWords, SayWhatIsWrongInATable) {
  const auto problem = [](std::string_view table) {
    const auto words = ReasonWords::parse(table);
    return words ? std::string() : words.error().message;
  };
  EXPECT_THAT(problem("word\tbad_reason\n"), HasSubstr("reason_words.tsv:1: unknown reason"));
  EXPECT_THAT(problem("word\tloop\nhop\tx\n"), HasSubstr(":2: points"));
  EXPECT_THAT(problem("word\tloop\nhop\t200\n"), HasSubstr(":2: points"));
  EXPECT_THAT(problem("word\tloop\nhop\t2\t3\n"), HasSubstr(":2: more fields"));
  EXPECT_THAT(problem("word\tloop\nmuchtoolong\t2\n"), HasSubstr(":2: a word has"));
}

TEST(ReasonWords, OutweighVagueRulesAndCodesButNotExactOnes) {
  ReasonRule vague;
  vague.name = "vague";
  vague.reason = Reason::user_unknown;
  vague.patterns = {"user"};
  vague.vague = true;
  auto exact = vague;
  exact.name = "exact";
  exact.patterns = {"this user"};
  exact.vague = false;
  ReasonRule codes;
  codes.name = "codes";
  codes.reason = Reason::local_policy;
  codes.code = 554;
  const auto words = ReasonWords::parse("word\tmailbox_full\tloop\nspace\t80\nroom\t32\n").value();
  const auto rules = ReasonRules::compile({exact, vague, codes}, words).value();
  const auto full = rules->decide(std::nullopt, 0, "550 user has no space");
  EXPECT_EQ(full.reason, Reason::mailbox_full);
  EXPECT_TRUE(full.by_words);
  EXPECT_EQ(full.rule, nullptr);
  EXPECT_THAT(full.words, ElementsAre("space"));
  EXPECT_EQ(rules->decide(std::nullopt, 0, "550 this user has no space").rule->name, "exact");
  EXPECT_EQ(rules->decide(std::nullopt, 0, "550 user has no room").rule->name, "vague");
  EXPECT_EQ(rules->decide(std::nullopt, 0, "554 no room").reason, Reason::mailbox_full);
  EXPECT_EQ(rules->decide(std::nullopt, 0, "554 no").rule->name, "codes");
  EXPECT_EQ(rules->decide(std::nullopt, 0, "550 no").reason, Reason::other);
}

// All labelled replies but those of one file, as learn_reason_words takes them.
std::vector<LabelledReply> lessons(const std::string& without = "") {
  auto out = labelled_samples(parse_reason_rules(shipped_reason_rules(), "reasons.yaml").value());
  std::vector<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(RASTRO_SOURCE_DIR "/tests/replies")) {
    if (file.path().extension() == ".tsv" && file.path().filename() != without) {
      files.push_back(file.path().string());
    }
  }
  std::ranges::sort(files);
  for (const auto& file : files) {
    auto more = labelled_replies(file);
    out.insert(out.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  }
  return out;
}

std::vector<std::string> first_fields(std::string_view table) {
  std::vector<std::string> out;
  std::istringstream in{std::string(table)};
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("# ")) out.push_back(line.substr(0, line.find('\t')));
  }
  return out;
}

TEST(ShippedWords, AreOfTheLabelledRepliesAsTheyAre) {
  EXPECT_EQ(first_fields(shipped_reason_words()), first_fields(learn_words(lessons())))
      << "write config/reason_words.tsv anew: tests/replies/learn_main.cc says how";
}

// The words alone, on replies that they have not been learned from: rules have the rest.
TEST(ShippedWords, CarryOverToRepliesThatWereNotLearned) {
  for (const auto* file : {"holdout9.tsv", "holdout10.tsv"}) {
    const auto words = ReasonWords::parse(learn_words(lessons(file)));
    ASSERT_TRUE(words);
    const auto replies = labelled_replies(std::string(RASTRO_SOURCE_DIR "/tests/replies/") + file);
    const auto right = std::ranges::count_if(replies, [&](const LabelledReply& reply) {
      const auto opinion = (*words)->weigh(reply.rule_text, reply.reply_code, reply.enhanced_status,
                                           std::nullopt, 0);
      return opinion && opinion->reason == reply.reason;
    });
    const auto share = static_cast<double>(right) / static_cast<double>(replies.size());
    RecordProperty(file, std::to_string(right) + " of " + std::to_string(replies.size()));
    EXPECT_GT(share, 0.75) << file;
  }
}

}  // namespace
}  // namespace rastro
