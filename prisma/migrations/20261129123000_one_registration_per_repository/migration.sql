-- CreateIndex
CREATE UNIQUE INDEX "repositories_path_key" ON "repositories"("path");

-- CreateIndex
CREATE UNIQUE INDEX "repositories_repository_uid_key" ON "repositories"("repository_uid");
