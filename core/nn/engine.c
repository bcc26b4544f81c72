#include "engine.h"

#include "status.h"

const engine_ops *engine_find(nn_engine engine)
{
    switch (engine) {
    case NN_PORTABLE:
        return &engine_portable;
    case NN_BLAS:
        return &engine_blas;
    }
    return NULL;
}

const char *nn_engine_name(nn_engine engine)
{
    const engine_ops *ops = engine_find(engine);
    FB_CHECK(ops);
    return ops->name;
}

const char *nn_engine_fingerprint(nn_engine engine)
{
    return engine == NN_BLAS ? engine_blas_fingerprint() : "";
}
