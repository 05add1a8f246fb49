# Headers, licence and the files that find_package(latent) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# share, not lib: nothing here depends on the architecture.
set(latent_package_dir ${CMAKE_INSTALL_DATAROOTDIR}/cmake/latent)

install(DIRECTORY include/latent TYPE INCLUDE FILES_MATCHING PATTERN "*.hpp")
install(FILES LICENSE TYPE DOC)
install(TARGETS latent EXPORT latentTargets)
install(EXPORT latentTargets NAMESPACE latent:: DESTINATION ${latent_package_dir})

configure_package_config_file(cmake/latentConfig.cmake.in latentConfig.cmake
  INSTALL_DESTINATION ${latent_package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(latentConfigVersion.cmake
  COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)
install(FILES
  ${PROJECT_BINARY_DIR}/latentConfig.cmake
  ${PROJECT_BINARY_DIR}/latentConfigVersion.cmake
  cmake/LatentEigen.cmake
  DESTINATION ${latent_package_dir})
