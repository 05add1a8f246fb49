# Consumption is tested like code: each way a program can use the library is configured, built and
# run in a folder of its own, outside this build. All of them share tests/consume/main.cpp.

function(latent_test_consumes way)
  add_test(NAME consume/${way} COMMAND ${CMAKE_COMMAND}
    -D WAY=${way}
    -D SOURCE=${PROJECT_SOURCE_DIR}
    -D BUILD=${PROJECT_BINARY_DIR}
    -D VERSION=${PROJECT_VERSION}
    -D SCRATCH=${CMAKE_CURRENT_BINARY_DIR}/consume/${way}
    -D GENERATOR=${CMAKE_GENERATOR}
    -D COMPILER=${CMAKE_CXX_COMPILER}
    -D EIGEN_DIR=${Eigen3_DIR}
    -D "EIGEN_INCLUDE=$<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>"
    -P ${PROJECT_SOURCE_DIR}/tests/consume/run.cmake)
  set_tests_properties(consume/${way} PROPERTIES LABELS consume)
endfunction()

latent_test_consumes(add_subdirectory)
latent_test_consumes(fetch_content)
latent_test_consumes(include_only)
latent_test_consumes(eigen_versions)
if(LATENT_INSTALL)
  latent_test_consumes(find_package)
endif()
