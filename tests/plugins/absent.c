/* No plugin: a library whose name at run time is not its file's, so that nobody finds it. */
int fb_function_of_a_missing_library(void);

__attribute__((visibility("default"))) int fb_function_of_a_missing_library(void)
{
    return 0;
}
