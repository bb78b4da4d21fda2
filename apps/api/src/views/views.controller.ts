import { Body, Controller, Delete, Get, Param, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Can } from '../http/access.ts';
import { Answers, AnswersNothing, Describe } from '../http/describe.ts';
import { idOf } from '../http/fields.ts';
import { CurrentActor, type Requester } from '../http/requester.ts';
import { CreateView, ReplaceView, SavedViewPage, SavedViewQuery, SavedViewView } from './saved-view.dto.ts';
import { ViewsService } from './views.service.ts';

const id = idOf('the saved view');

@ApiTags('views')
@Controller('views')
export class ViewsController {
  constructor(private readonly views: ViewsService) {}

  @Get()
  @Can('account.self')
  @Describe({ id: 'listViews', summary: 'Your saved views of a page, by name' })
  @Answers(200, SavedViewPage)
  list(
    @Query({ schema: SavedViewQuery }) query: SavedViewQuery,
    @CurrentActor() actor: Requester,
  ): Promise<SavedViewPage> {
    return this.views.list(query, actor);
  }

  @Post()
  @Can('account.self')
  @Describe({
    id: 'createView',
    summary: 'Save a view of a page',
    description: 'Only you see it. You may have 100 in all.',
    problems: ['resource.conflict', 'view.too_many'],
  })
  @Answers(201, SavedViewView, { description: 'Saved' })
  create(@Body({ schema: CreateView }) given: CreateView, @CurrentActor() actor: Requester): Promise<SavedViewView> {
    return this.views.create(given, actor);
  }

  @Put(':id')
  @Can('account.self')
  @Describe({ id: 'replaceView', summary: 'Rename or replace one of your views', problems: ['resource.conflict'] })
  @Answers(200, SavedViewView)
  replace(
    @Param('id', { schema: id }) viewId: string,
    @Body({ schema: ReplaceView }) given: ReplaceView,
    @CurrentActor() actor: Requester,
  ): Promise<SavedViewView> {
    return this.views.replace(viewId, given, actor);
  }

  @Delete(':id')
  @Can('account.self')
  @Describe({ id: 'deleteView', summary: 'Delete one of your views' })
  @AnswersNothing('Deleted')
  delete(@Param('id', { schema: id }) viewId: string, @CurrentActor() actor: Requester): Promise<void> {
    return this.views.delete(viewId, actor);
  }
}
