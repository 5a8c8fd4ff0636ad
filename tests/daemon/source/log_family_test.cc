#include "daemon/source/log_family.h"

#include "tests/daemon/source/log_fixture.h"

namespace rastro {
namespace {

struct NameCase {
  std::string name;
  std::string_view file;
  std::string_view base;
  bool belongs;
  friend void PrintTo(const NameCase& c, std::ostream* os) { *os << c.name; }
};

class RotationOf : public testing::TestWithParam<NameCase> {};

TEST_P(RotationOf, MatchesTable) {
  EXPECT_EQ(rotation_of(GetParam().file, GetParam().base).has_value(), GetParam().belongs);
}

const NameCase kNames[] = {
    {"itself", "mail.log", "mail.log", true},
    {"numbered", "mail.log.1", "mail.log", true},
    {"numbered_gz", "mail.log.12.gz", "mail.log", true},
    {"dated", "mail.log-20261123", "mail.log", true},
    {"dated_xz", "mail.log-20261123.xz", "mail.log", true},
    {"dated_dashes", "mail.log-2026-11-23.zst", "mail.log", true},
    {"hourly", "mail.log-2026112313", "mail.log", true},
    {"epoch", "mail.log-1795478400.bz2", "mail.log", true},
    {"logrotate_extension", "mail-20261123.log", "mail.log", true},
    {"logrotate_extension_numbered_gz", "mail.3.log.gz", "mail.log", true},
    {"exim", "mainlog.01", "mainlog", true},
    {"exim_by_day", "mainlog-20261124", "mainlog", true},
    {"exim_by_month", "mainlog-202611", "mainlog", true},
    {"packed_in_place", "mail.log.gz", "mail.log", true},
    {"other_log", "mail.err", "mail.log", false},
    {"longer_name", "mail.log2", "mail.log", false},
    {"backup", "mail.log.bak", "mail.log", false},
    {"editor", "mail.log~", "mail.log", false},
    {"not_a_month", "mail.log-20261323", "mail.log", false},
    {"number_with_dash", "mail.log-2", "mail.log", false},
    {"ends_in_a_separator", "mail.log-20261123-", "mail.log", false},
    {"letters_behind_the_date", "mail.log-20261123old", "mail.log", false},
    {"in_the_name_only", "mail", "mail.log", false},
    {"another_family", "mail.log.1.err", "mail.log", false},
    {"too_long_a_number", "mail.log.123456789012345678901234567890", "mail.log", false},
    {"empty_base_name", "", "mail.log", false},
};
INSTANTIATE_TEST_SUITE_P(, RotationOf, testing::ValuesIn(kNames),
                         [](const auto& tested) { return tested.param.name; });

struct BaseCase {
  std::string name;
  std::string_view file;
  std::string_view base;
  friend void PrintTo(const BaseCase& c, std::ostream* os) { *os << c.name; }
};

class BaseOf : public testing::TestWithParam<BaseCase> {};

TEST_P(BaseOf, MatchesTable) { EXPECT_EQ(base_of(GetParam().file), GetParam().base); }

const BaseCase kBases[] = {
    {"plain", "mail.log", "mail.log"},
    {"numbered_gz", "mail.log.2.gz", "mail.log"},
    {"dated", "mail.log-20261123", "mail.log"},
    {"dated_dashes", "mail.log-2026-11-23", "mail.log"},
    {"by_day", "mainlog-20261124", "mainlog"},
    {"extension", "mail-20261123.log", "mail.log"},
    {"number_in_the_name", "mx2-mail.log", "mx2-mail.log"},
    {"host_number_and_date", "mx-2-20261123", "mx-2"},
    {"only_digits", "20261123", "20261123"},
    {"only_a_suffix", ".1", ".1"},
    {"packed", "mail.log.gz", "mail.log"},
};
INSTANTIATE_TEST_SUITE_P(, BaseOf, testing::ValuesIn(kBases),
                         [](const auto& tested) { return tested.param.name; });

std::vector<std::string> names(const LogDirectory& directory, const std::string& base) {
  std::vector<std::string> all;
  const auto family = list_family(directory.path(), base);
  EXPECT_TRUE(family);
  for (const auto& member : *family) all.push_back(member.path.substr(directory.path().size() + 1));
  return all;
}

TEST(ListFamily, NumbersCountUpwards) {
  const LogDirectory directory;
  for (const char* name : {"mail.log.10.gz", "mail.log.2.gz", "mail.log", "mail.log.1", "other"}) {
    directory.create(name);
  }
  EXPECT_EQ(
      names(directory, "mail.log"),
      (std::vector<std::string>{"mail.log", "mail.log.1", "mail.log.2.gz", "mail.log.10.gz"}));
}

TEST(ListFamily, DatesAndThePlainFileBeforeItsArchive) {
  const LogDirectory directory;
  for (const char* name :
       {"mainlog-20261124", "mainlog-20261123.gz", "mainlog-20261123", "mainlog-20261122.xz"}) {
    directory.create(name);
  }
  EXPECT_EQ(names(directory, "mainlog"),
            (std::vector<std::string>{"mainlog-20261124", "mainlog-20261123", "mainlog-20261123.gz",
                                      "mainlog-20261122.xz"}));
}

TEST(ListFamily, SaysThatTheDirectoryIsMissing) {
  const auto family = list_family("/nonexistent/logs", "mail.log");
  ASSERT_FALSE(family);
  EXPECT_EQ(family.error().code, Error::Code::not_found);
}

}  // namespace
}  // namespace rastro
