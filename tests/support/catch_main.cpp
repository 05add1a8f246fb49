// The main function of every test program.
#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"

int main(int argc, char* argv[]) {
  Catch::Session session;
  if (session.applyCommandLine(argc, argv) != 0) return 1;

  // A test without a single assertion checks nothing. And Catch2 2 is content when no test has the
  // name asked for (version 3 is not).
  int warnings = session.configData().warnings | Catch::WarnAbout::NoAssertions;
#if LATENT_CATCH_MAJOR == 2
  warnings |= Catch::WarnAbout::NoTests;
#endif
  session.configData().warnings = static_cast<Catch::WarnAbout::What>(warnings);

  if (session.run() != 0) return 1;           // never mistaken for the code below
  return latent_test::skipped == 0 ? 0 : 77;  // SKIP_RETURN_CODE in tests/CMakeLists.txt
}
